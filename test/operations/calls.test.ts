// A call explained from its events, and everything an agent was handed made worthless: on both engines.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

describe.each(testDatabases())('calls on $name', (database) => {
  let world: World;
  let key: string;
  let token: string;

  beforeAll(async () => {
    world = await createWorld({ database });
    world.upstream.respond = answer;
    ({ key } = await world.setUp({ allow: ['GET /v1/**'] }));
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());

  const callId = async (path: string, init?: RequestInit) => {
    const answer = await world.call(token, path, init);
    await answer.text();
    return { status: answer.status, id: answer.headers.get('doorward-request-id') ?? '' };
  };
  const explain = async (id: string) => (await world.admin('GET', `/v1/calls/${id}`)).body;
  /** What ends a call is written behind its answer. */
  const explainEnded = async (id: string) => {
    let found: Record<string, unknown> = {};
    await expect
      .poll(async () => {
        found = await explain(id);
        return JSON.stringify(found['sends'] ?? found);
      })
      .toMatch(/answered|failed/);
    return found;
  };

  describe('are explained', () => {
    test('by the request id of the answer: who, what, by which rule, with which version, what came back', async () => {
      const { status, id } = await callId('/call/vendor/v1/models?limit=2');
      expect(status).toBe(200);
      expect(await explainEnded(id)).toMatchObject({
        request: id,
        agent: 'robot',
        service: 'vendor',
        method: 'GET',
        path: '/v1/models',
        decision: { effect: 'allow', rule: 'GET /v1/**', grantRevision: 1, problem: null },
        secret: { name: 'vendor', version: 1 },
        sends: [{ result: 'answered', status: 200, problem: null, redacted: 0 }],
        now: { effect: 'allow', rule: 'GET /v1/**', grantRevision: 1 },
        advice: null,
      });
    });

    test('by any of their events as well', async () => {
      const { id } = await callId('/call/vendor/v1/by-event');
      const whole = await explainEnded(id);
      const outcome = (await world.events('call.outcome')).find((event) => event['intent'] === whole['id']);
      expect(await explain(String(whole['id']))).toEqual(whole);
      expect(await explain(String(outcome?.['id']))).toEqual(whole);
    });

    test('with the smallest grant that would allow a refused one, and what stands now', async () => {
      const { status, id } = await callId('/call/vendor/v1/files', { method: 'POST', body: '{}' });
      expect(status).toBe(403);
      await expect.poll(async () => (await explain(id))['request']).toBe(id);
      expect(await explain(id)).toMatchObject({
        decision: { effect: 'deny', rule: 'grant', problem: 'not-allowed' },
        secret: null,
        sends: [],
        now: { effect: 'deny', rule: 'grant' },
        advice: {
          neededGrant: 'POST /v1/files',
          command: "doorward grant set robot vendor --also 'POST /v1/files'",
        },
      });
      const wide = { allow: ['GET /v1/**', 'POST /v1/files'] };
      await world.admin('PATCH', '/v1/agents/robot/grants/vendor', wide);
      expect(await explain(id)).toMatchObject({
        decision: { effect: 'deny' },
        now: { effect: 'allow', rule: 'POST /v1/files', grantRevision: 2 },
        advice: { command: null, sentence: 'It would be allowed now, by POST /v1/files.' },
      });
    });

    test('where a grant is missing, by the command that makes it; where the service is, by the one that adds it', async () => {
      await world.admin('POST', '/v1/services', {
        name: 'other',
        baseUrl: world.upstream.url,
        auth: { kind: 'bearer' },
        secret: 'vendor',
      });
      const known = (await callId('/call/other/v1/it%27s')).id;
      const unknown = (await callId('/call/nobody-knows/v1/x')).id;
      await expect.poll(async () => (await explain(unknown))['request']).toBe(unknown);
      expect(await explain(known)).toMatchObject({
        service: 'other',
        advice: { command: "doorward grant add robot other --allow 'GET /v1/it%27s'" },
      });
      expect(await explain(unknown)).toMatchObject({
        service: null,
        advice: { command: 'doorward add SERVICE' },
      });
    });

    test('or said not to be there', async () => {
      const started = (await world.events('agent.create')).at(-1);
      for (const id of [
        'req_01jd8m4q6ve3rr1vh5x2ykt9c7',
        'evt_01jd8m4q6ve3rr1vh5x2ykt9c7',
        started?.['id'],
      ]) {
        const answer = await world.admin('GET', `/v1/calls/${String(id)}`);
        expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
      }
      expect((await world.admin('GET', '/v1/calls/nonsense')).status).toBe(422);
    });

    test('and who looked is on record', async () => {
      expect(await world.events('audit.read')).toContainEqual(
        expect.objectContaining({ after: { filter: 'call.explain' } }),
      );
    });
  });

  describe('of a revoked agent', () => {
    test('are refused at once, whatever was handed out; its key and its grants go on', async () => {
      const run = (await world.admin('POST', '/v1/runs', { agent: 'robot' })).body;
      const placeholder = String(run['placeholder']);
      const asked = { agent: 'robot', service: 'vendor' };
      const lasting = (await world.admin('POST', '/v1/placeholders', asked)).body;
      const ofService = (run['services'] as { placeholder: string }[])[0]?.placeholder ?? '';
      const old = [token, placeholder, ofService, String(lasting['placeholder'])];
      for (const one of old) expect((await world.call(one, '/call/vendor/v1/a')).status).toBe(200);
      const answer = await world.admin('POST', '/v1/agents/robot/revoke');
      expect(answer).toMatchObject({
        status: 200,
        body: { name: 'robot', runsEnded: 1, placeholdersRevoked: 2 },
      });
      for (const one of old) expect((await world.call(one, '/call/vendor/v1/a')).status).toBe(401);
      expect((await world.admin('POST', `/v1/runs/${String(run['run'])}/renew`)).status).toBe(404);
      const next = (await world.admin('POST', '/v1/runs', { agent: 'robot' })).body;
      const fresh = [await world.token('robot', key), String(next['placeholder'])];
      for (const one of fresh) expect((await world.call(one, '/call/vendor/v1/a')).status).toBe(200);
    });

    test('end while they stream', async () => {
      const live = await world.token('robot', key);
      const stream = await world.call(live, '/call/vendor/v1/for-ever');
      const reading = stream.text().then(
        () => 'ended',
        () => 'cut off',
      );
      await world.admin('POST', '/v1/agents/robot/revoke');
      expect(await reading).toBe('cut off');
      expect((await world.call(live, '/call/vendor/v1/a')).status).toBe(401);
    });

    test('are told in the log, with what it came to', async () => {
      const event = (await world.events('agent.revoke'))[0];
      expect(event).toMatchObject({
        principal: { type: 'admin' },
        target: { type: 'agent', name: 'robot' },
        before: { generation: 1 },
        after: { generation: 2, runsEnded: 1 },
      });
    });

    test('need a name that is there, and the record as it was seen', async () => {
      expect((await world.admin('POST', '/v1/agents/nobody/revoke')).status).toBe(404);
    });
  });
});

const postgres = testDatabases().find(({ name }) => name === 'postgres');

test.runIf(postgres !== undefined)(
  'a revoked agent is refused by every replica once the command has returned',
  async () => {
    if (postgres === undefined) return;
    const world = await createWorld({ database: postgres, replicas: 2 });
    try {
      const { key } = await world.setUp();
      const token = await world.token('robot', key);
      const status = async () => (await world.call(token, '/call/vendor/v1/a', { replica: 1 })).status;
      expect(await status()).toBe(200);
      await world.admin('POST', '/v1/agents/robot/revoke', undefined, 0);
      expect(await status()).toBe(401);
    } finally {
      await world.close();
    }
  },
);

/** Below /v1/for-ever it begins and never ends. */
const answer: World['upstream']['respond'] = ({ url }, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  if (url === '/v1/for-ever') response.write('begun');
  else response.end('done');
};
