// A client generated from /openapi.json at run time, driving a real server through the life of every kind of record. Each
// answer it sees is held to the document: its status, its media type, its headers and its body.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registerSchema, unregisterSchema } from '@hyperjump/json-schema/openapi-3-1';
import { OpenAPIClientAxios } from 'openapi-client-axios';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrokerDeps } from '../../src/broker/deps.ts';
import { FailureLimit } from '../../src/broker/failure-limit.ts';
import { createRoutes } from '../../src/http/app.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { NO_METRICS } from '../../src/telemetry/metrics.ts';
import { newCall, question } from '../support/approvals.ts';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';
import { expectDocumented } from './expect-documented.ts';
import type { Answer, Document } from './openapi-shapes.ts';

/** The same page as with its slash; a protocol that describes itself. */
const UNDOCUMENTED: ReadonlySet<string> = new Set(['/problems', '/mcp']);

type Fields = Readonly<Record<string, unknown>>;

const ID = 'https://doorward.test/openapi.json';
const [embedded] = testDatabases();

describe('a client generated from /openapi.json', () => {
  let world: World;
  let document: Document;
  let send: (operationId: string, parameters: object, body: unknown, headers: object) => Promise<Answer>;
  let token = '';
  /** Operations with the statuses that were answered to them. */
  const seen = new Set<string>();

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const url = world.apps[0]?.address ?? '';
    document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
    registerSchema(JSON.parse(JSON.stringify(document)), ID, 'https://spec.openapis.org/oas/3.1/schema-base');
    const api = new OpenAPIClientAxios({
      definition: JSON.parse(JSON.stringify(document)), // it is dereferenced in place
      axiosConfigDefaults: { proxy: false, validateStatus: () => true },
    });
    const client = await api.init();
    send = async (operationId, parameters, body, headers) => {
      const method = client[operationId];
      if (method === undefined) throw new Error(`the client has no ${operationId}`);
      const {
        status,
        headers: answered,
        data,
      } = await method(parameters as Fields as Record<string, string>, body, { headers });
      return {
        status,
        headers: Object.fromEntries(Object.entries(answered)) as Record<string, string>,
        data,
      };
    };
    const credential = (await readFile(join(world.keysDirectory, 'owner.credential'), 'utf8')).trim();
    token = await world.token('owner', credential);
  });
  afterAll(async () => {
    unregisterSchema(ID);
    await world?.close();
  });

  async function call(operationId: string, parameters: object = {}, body?: unknown, headers: object = {}) {
    const answer = await send(operationId, parameters, body, {
      authorization: `Bearer ${token}`,
      ...headers,
    });
    await expectDocumented({ document, id: ID }, operationId, answer);
    seen.add(`${operationId} ${answer.status}`);
    return answer;
  }

  it('has a method for every route of the server, and for no other', () => {
    const { operations } = world.apps[0] ?? {};
    if (operations === undefined) throw new Error('the world has one server');
    const { tokens, authority, audit, freezing, ids } = operations;
    const routes = createRoutes({
      operations,
      tokens: {
        tokens,
        authority,
        audit,
        freezing,
        failures: new FailureLimit(ids.clock),
        metrics: NO_METRICS,
        decoysAtDoor: { look: () => undefined },
      },
      readiness: () => Promise.reject(new Error('nobody asks')),
      log: createLog('silent'),
      broker: Object.create(null) as BrokerDeps, // nobody calls
      isDraining: () => false,
    }).routes;
    const served = routes
      .filter(({ method, path }) => method !== 'ALL' && !UNDOCUMENTED.has(path))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    const documented = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    const calls = documented.filter((line) => line.includes(' /call/'));
    expect(calls).toHaveLength(7);
    expect(documented.filter((line) => !calls.includes(line)).toSorted()).toEqual(
      [...new Set(served)].toSorted(),
    );
  });

  it('says one thing until something changes', async () => {
    const { headers } = await call('openapiShow');
    expect((await call('openapiShow', {}, undefined, { 'if-none-match': headers['etag'] })).status).toBe(304);
    expect((await call('openapiShow', {}, undefined, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('leads secrets, services, agents and grants through their lives', async () => {
    const { status, data } = await call(
      'secretCreate',
      {},
      { name: 'vendor', value: 'sk-client-0123456789abcdef' },
    );
    expect([status, data['currentVersion']]).toEqual([201, 1]);
    expect((await call('secretList')).data.items).toHaveLength(1);
    expect((await call('secretShow', { name: 'vendor' })).data['id']).toBe(data['id']);

    const service = {
      name: 'vendor',
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
      secret: 'vendor',
    };
    const { headers } = await call('serviceCreate', {}, service);
    expect(headers['location']).toBe(`${world.apps[0]?.url}/v1/services/vendor`);
    expect((await call('serviceList', { limit: 1 })).data.items).toHaveLength(1);
    const shown = await call('serviceShow', { name: 'vendor' });
    const changed = await call(
      'serviceUpdate',
      { name: 'vendor' },
      { graceRetry: 'idempotent' },
      { 'if-match': shown.headers['etag'] },
    );
    expect(changed.data['graceRetry']).toBe('idempotent');

    const agent = await call('agentCreate', {}, { name: 'robot' });
    expect(agent.data).toMatchObject({
      agent: { state: 'active' },
      key: expect.stringMatching(/^dw_agent_/) as string,
    });
    expect((await call('agentFreeze', { name: 'robot' })).data['state']).toBe('frozen');
    expect((await call('agentUnfreeze', { name: 'robot' })).data['state']).toBe('active');
    expect((await call('agentList')).data.items).toHaveLength(1);

    await call('grantCreate', {}, { agent: 'robot', service: 'vendor', allow: ['GET /models'] });
    const pair = { agent: 'robot', service: 'vendor' };
    expect((await call('grantList', { agent: 'robot' })).data.items).toHaveLength(1);
    expect((await call('grantShow', pair)).data['allow']).toEqual(['GET /models']);
    expect((await call('grantUpdate', pair, { allow: null })).data['allow']).toBe(null);
    expect((await call('grantFreeze', pair, {})).data['frozenReason']).toBe('by an administrator');
    expect((await call('grantUnfreeze', pair)).data['frozenAt']).toBe(null);

    await expectCalls(String(agent.data['key']));
    await call('secretVersions', { name: 'vendor' });
    await call('rotationPlan', { name: 'vendor' });
    await call('rotationDue', { olderThanSeconds: 0 });
    const rotated = await call('secretRotate', { name: 'vendor' }, { value: 'sk-client-fedcba9876543210' });
    expect(rotated.data['toVersion']).toBe(2);
    expect((await call('secretRollback', { name: 'vendor' })).data['step']).toBe('rolled-back');
    await call('secretDisable', { name: 'vendor' }, {});
    await call('secretEnable', { name: 'vendor' }, { version: 1 });
    expect((await call('versionDestroy', { name: 'vendor' }, { version: 1 })).status).toBe(409);
    await call('versionDestroy', { name: 'vendor' }, { version: 2 });
    await call('secretRotate', { name: 'vendor' }, { value: 'sk-client-0f1e2d3c4b5a6978' });

    expect((await call('grantRemove', pair)).status).toBe(200);
    expect((await call('agentShow', { name: 'robot' })).data['services']).toEqual([]);
    expect((await call('secretDestroy', { name: 'vendor' })).status).toBe(409);
    expect((await call('serviceRemove', { name: 'vendor' })).status).toBe(200);
    expect((await call('secretDestroy', { name: 'vendor' })).data['versionsDestroyed']).toBe(2);
    expect((await call('agentRemove', { name: 'robot' })).status).toBe(200);
    expect((await call('agentShow', { name: 'robot' })).status).toBe(404);
    const decoy = await call('decoyCreate', {}, { name: 'planted', like: 'openai' });
    expect(decoy.data).toMatchObject({
      secret: { isDecoy: true },
      value: expect.stringMatching(/^sk-/) as string,
    });
    await call('secretDestroy', { name: 'planted' });
  });

  /** A run and a token of the agent, and what they bring back. */
  async function expectCalls(key: string): Promise<void> {
    const started = await call('runStart', {}, { agent: 'robot' });
    const run = String(started.data['run']);
    await call('runRenew', { run });
    const basic = { authorization: `Basic ${Buffer.from(`robot:${key}`).toString('base64')}` };
    const form = new URLSearchParams({ grant_type: 'client_credentials' }).toString();
    const issued = await call('tokenIssue', {}, form, {
      ...basic,
      'content-type': 'application/x-www-form-urlencoded',
    });
    for (const bearer of [started.data['placeholder'], issued.data['access_token']]) {
      const authorization = `Bearer ${String(bearer)}`;
      const answer = await call('callGet', { service: 'vendor', path: 'models' }, undefined, {
        authorization,
      });
      expect([answer.status, answer.headers['doorward-source']]).toEqual([200, 'upstream']);
      const refused = await call('callGet', { service: 'unknown', path: 'models' }, undefined, {
        authorization,
      });
      expect([refused.status, refused.data['code']]).toEqual([403, 'no-grant']);
    }
    expect((await call('runEnd', { run })).data['calls']).toBe(1);
    expect((await call('tokenIssue', {}, 'grant_type=x', basic)).status).toBe(400);
    expect((await call('tokenIssue', {}, form, { authorization: 'Basic eDp5' })).status).toBe(401);
  }

  it('leads access requests through their lives', async () => {
    await call('secretCreate', {}, { name: 'wanted', value: 'sk-client-0123456789abcdee' });
    const service = {
      name: 'wanted',
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
      secret: 'wanted',
    };
    await call('serviceCreate', {}, service);
    const agent = await call('agentCreate', {}, { name: 'asking' });
    const asking = { authorization: `Bearer ${await world.token('asking', String(agent.data['key']))}` };
    const wish = { service: 'wanted', allow: ['GET /models'], actions: ['chat'], reason: 'To try it.' };
    const asked = await call('accessRequestAsk', {}, wish, asking);
    expect((await call('accessRequestAsk', {}, wish, asking)).status).toBe(200);
    expect((await call('accessRequestAsk', {}, { ...wish, reason: '' }, asking)).status).toBe(422);
    expect((await call('accessRequestAsk', {}, wish)).data['code']).toBe('unauthenticated');
    const { id } = asked.data;
    expect((await call('accessRequestList', { state: 'pending' })).data.items).toEqual([asked.data]);
    expect((await call('accessRequestShow', { id })).data['unknownActions']).toEqual(['chat']);
    expect((await call('accessRequestPage', { id })).status).toBe(200);
    expect((await call('accessRequestGrant', { id }, {})).status).toBe(422);
    const granted = await call('accessRequestGrant', { id }, { allow: ['GET /models'] });
    expect(granted.data).toMatchObject({ grant: { agent: 'asking', allow: ['GET /models'] } });
    expect((await call('accessRequestDeny', { id })).data['code']).toBe('request-decided');
    const rest = await call('accessRequestAsk', {}, { ...wish, allow: ['POST /models'] }, asking);
    expect((await call('accessRequestDeny', { id: rest.data['id'] })).data['state']).toBe('denied');
    const covered = { service: 'wanted', allow: ['GET /models'], reason: 'Again.' };
    expect((await call('accessRequestAsk', {}, covered, asking)).data['code']).toBe('already-exists');
    await call('agentRemove', { name: 'asking' });
  });

  it('sees what calls wait for a person, and decides', async () => {
    const [app] = world.apps;
    if (app === undefined) throw new Error('the world has one server');
    await call('agentCreate', {}, { name: 'robot' });
    await call('secretCreate', {}, { name: 'watched', value: 'a-value-that-is-long-enough' });
    const service = { baseUrl: 'https://api.test', auth: { kind: 'bearer' }, secret: 'watched' };
    await call('serviceCreate', {}, { name: 'vendor', ...service });
    await call('grantCreate', {}, { agent: 'robot', service: 'vendor' });
    const ask = async () => (await app.operations.approvals.ask(question(app, newCall(app)))).id;
    const [first, second] = [await ask(), await ask()];
    expect((await call('approvalList', { state: 'pending', limit: 1 })).data.items).toHaveLength(1);
    expect((await call('approvalShow', { id: first })).data['excerpts']).toHaveLength(1);
    expect((await call('approvalApprove', { id: first })).data['state']).toBe('approved');
    expect((await call('approvalApprove', { id: first })).data['code']).toBe('approval-decided');
    expect((await call('approvalDeny', { id: second })).data['state']).toBe('denied');
    expect((await call('approvalShow', { id: 'apr_01jd8m4q6ve3rr1vh5x2ykt9c7' })).status).toBe(404);
    await call('agentRemove', { name: 'robot' });
    await call('serviceRemove', { name: 'vendor' });
    await call('secretDestroy', { name: 'watched' });
  });

  it('makes a placeholder, sees what it is for, and revokes it', async () => {
    await call('agentCreate', {}, { name: 'standing' });
    await call('secretCreate', {}, { name: 'stood-for', value: 'a-value-that-is-long-enough' });
    const service = { baseUrl: 'https://api.test', auth: { kind: 'bearer' }, secret: 'stood-for' };
    await call('serviceCreate', {}, { name: 'stood-for', ...service, deny: ['POST /keys'] });
    await call('grantCreate', {}, { agent: 'standing', service: 'stood-for' });
    const made = await call('placeholderCreate', {}, { agent: 'standing', service: 'stood-for' });
    expect(made.data['placeholder']).toMatch(/^dw_placeholder_/);
    const services = (await call('agentServices', { name: 'standing' })).data['services'];
    expect(services).toMatchObject([{ name: 'stood-for', deny: ['POST /keys'] }]);
    expect((await call('placeholderList', { agent: 'standing' })).data.items).toHaveLength(1);
    expect((await call('placeholderRevoke', { id: made.data['id'] })).status).toBe(200);
    expect((await call('placeholderRevoke', { id: made.data['id'] })).status).toBe(404);
    expect((await call('agentRevoke', { name: 'standing' })).status).toBe(200);
    await call('agentRemove', { name: 'standing' });
    await call('serviceRemove', { name: 'stood-for' });
  });

  it('reads on by the cursor and by the link', async () => {
    for (const name of ['a', 'b', 'c']) await call('agentCreate', {}, { name });
    const first = await call('agentList', { limit: 2 });
    const second = await call('agentList', { limit: 2, cursor: first.data['nextCursor'] });
    expect([first, second].flatMap(({ data }) => data.items?.map(({ name }) => name))).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(second.data['nextCursor']).toBe(null);
    const link = /^<([^>]+)>; rel="next"$/.exec(first.headers['link'] ?? '')?.[1] ?? '';
    const followed = await fetch(link, { headers: { authorization: `Bearer ${token}` } });
    expect(await followed.json()).toEqual(second.data);
    expect(second.headers['link']).toBeUndefined();
  });

  it('repeats, changes and reads conditionally', async () => {
    const key = { 'idempotency-key': 'of-this-test' };
    const made = await call('agentCreate', {}, { name: 'once' }, key);
    const again = await call('agentCreate', {}, { name: 'once' }, key);
    expect([again.status, again.headers['idempotent-replayed'], again.data['key']]).toEqual([
      201,
      'true',
      undefined,
    ]);
    expect(again.data['agent']).toEqual(made.data['agent']);
    expect((await call('agentCreate', {}, { name: 'twice' }, key)).data['code']).toBe(
      'idempotency-key-reused',
    );
    const seenTag = made.headers['etag'];
    expect((await call('agentShow', { name: 'once' }, undefined, { 'if-none-match': seenTag })).status).toBe(
      304,
    );
    await call('agentFreeze', { name: 'once' }, undefined, { 'if-match': seenTag });
    const late = await call('agentRemove', { name: 'once' }, undefined, { 'if-match': seenTag });
    expect([late.status, late.data['code']]).toEqual([412, 'precondition-failed']);
  });

  it('hears of every refusal what the document says', async () => {
    const nobody = { authorization: '' };
    for (const operation of Object.values(document.paths).flatMap((item) => Object.values(item))) {
      const { operationId, responses } = operation;
      if (!('401' in responses) || operationId.startsWith('call') || operationId === 'tokenIssue') continue;
      const ids = { run: 'run_01jd8m4q6ve3rr1vh5x2ykt9c7', id: 'arq_01jd8m4q6ve3rr1vh5x2ykt9c7' };
      const parameters = { name: 'x', agent: 'x', service: 'x', ...ids };
      const code = operationId === 'accessRequestAsk' ? 'unauthenticated' : 'admin-required';
      expect([operationId, (await call(operationId, parameters, undefined, nobody)).data['code']]).toEqual([
        operationId,
        code,
      ]);
    }
    expect((await call('agentCreate', {}, { name: 'NO' })).data['code']).toBe('invalid-input');
    expect((await call('agentCreate', {}, { name: 'a' })).data['code']).toBe('already-exists');
    expect((await call('agentCreate', {}, 'name=a', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await call('grantCreate', {}, { agent: 'nobody', service: 'nothing' })).status).toBe(404);
    expect((await call('restoreAccept', {}, {})).status).toBe(404);
    expect((await call('runRenew', { run: 'run_01jd8m4q6ve3rr1vh5x2ykt9c7' })).status).toBe(404);
  });

  it('reads what is public, and every page that `type` leads to', async () => {
    for (const name of [
      'healthShow',
      'readinessShow',
      'jwksShow',
      'authorizationServerShow',
      'protectedResourceShow',
      'mcpResourceShow',
      'statusShow',
      'auditList',
    ]) {
      expect([name, (await call(name)).status]).toEqual([name, 200]);
    }
    expect((await call('auditVerify', {}, {})).data['ok']).toBe(true);
    expect((await call('backupCreate', {}, { passphrase: 'a long enough passphrase' })).status).toBe(200);
    const json = { accept: 'application/json' };
    const list = await call('problemList', {}, undefined, json);
    for (const { code } of list.data.items ?? []) {
      expect((await call('problemShow', { code: String(code) }, undefined, json)).data['code']).toBe(code);
    }
    expect((await call('problemShow', { code: 'other' })).status).toBe(404);
  });

  it('tells what rights would do', async () => {
    await call('secretCreate', {}, { name: 'weighed', value: 'of-a-good-length-4711' });
    const sent = {
      name: 'weighed',
      secret: 'weighed',
      baseUrl: world.upstream.url,
      auth: { kind: 'bearer' },
    };
    await call('serviceCreate', {}, sent);
    await call('agentCreate', {}, { name: 'weigher' });
    await call('grantCreate', {}, { agent: 'weigher', service: 'weighed' });
    expect((await call('grantTighten', { agent: 'weigher' })).data['services']).toHaveLength(1);
    const replay = {
      agent: 'weigher',
      service: 'weighed',
      allow: ['GET /**'],
      since: new Date(0).toISOString(),
    };
    expect((await call('policyReplay', {}, replay)).data['calls']).toBe(0);
    expect((await call('secretGuessable')).status).toBe(200);
  });

  it('has done all there is to do', () => {
    const done = Object.values(document.paths)
      .flatMap((item) => Object.values(item))
      .filter(({ operationId }) => !seen.has(`${operationId} 200`) && !seen.has(`${operationId} 201`))
      .map(({ operationId }) => operationId);
    // A vault that is not frozen has nothing to accept; calls were made by GET.
    expect(done.filter((name) => !name.startsWith('call'))).toEqual(['restoreAccept']);
  });
});
