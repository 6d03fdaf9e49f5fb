// `doorward add` when something fails half way: what was made goes again, in reverse, and what can not go is named.
import { afterEach, describe, expect, test } from 'vitest';
import { readEntry } from '../../src/catalogue/catalogue.ts';
import { readAndUse } from '../../src/cli/add-key.ts';
import { type Answers, createStandIn, type StandIn } from './stand-in.ts';
import { CREATED_AT as createdAt, serviceRecord } from './stand-in-records.ts';

const suffix = '01jd8m4q6ve3rr1vh5x2ykt9c7';
const secret = {
  credentialKind: 'static',
  currentVersion: 1,
  services: [],
  isDecoy: false,
  revision: 1,
  createdAt,
};
const service = serviceRecord('acme');
const agent = { state: 'active', services: [], generation: 1, revision: 1, createdAt };

const problem = (status: number, code: string) => () => {
  return { status, body: { title: 'No', status, code, fault: 'vault', detail: 'as the test wants it' } };
};
const missing = problem(404, 'not-found');

/** A server on which everything can be made but what the test puts in. */
const HEALTHY: Answers = {
  'GET /v1/services/acme': missing,
  'GET /v1/secrets/acme': missing,
  'GET /v1/agents/default': missing,
  'POST /v1/secrets': () => ({ status: 201, body: { id: `sec_${suffix}`, name: 'acme', ...secret } }),
  'POST /v1/services': () => ({ status: 201, body: service }),
  'POST /v1/agents': () => {
    return {
      status: 201,
      body: { agent: { id: `agt_${suffix}`, name: 'default', ...agent }, key: 'dw_agent_x' },
    };
  },
  'DELETE /v1/services/acme': () => ({ body: { id: service.id, name: 'acme', grantsRemoved: 0 } }),
  'DELETE /v1/agents/default': () => ({ body: { id: `agt_${suffix}`, name: 'default', grantsRemoved: 0 } }),
  'DELETE /v1/secrets/acme': () => ({ body: { id: `sec_${suffix}`, name: 'acme', versionsDestroyed: 1 } }),
  'DELETE /v1/agents/default/grants/acme': missing,
};

let standIn: StandIn | undefined;
afterEach(async () => {
  await standIn?.close();
  standIn = undefined;
});

async function addOn(answers: Answers) {
  standIn = await createStandIn({ ...HEALTHY, ...answers });
  const argv = ['add', 'acme', '--base-url', 'https://api.acme.dev', '--auth', 'bearer'];
  const ended = await standIn.cli(argv, { stdin: 'a-key-of-acme' });
  const deleted = standIn.seen.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
  return { ...ended, deleted };
}

const ALL = ['/v1/agents/default', '/v1/services/acme', '/v1/secrets/acme'];

describe('what was made', () => {
  test('goes again in reverse when the last step is refused', async () => {
    const { code, stderr, deleted } = await addOn({ 'POST /v1/grants': problem(422, 'invalid-input') });
    expect(deleted).toEqual(ALL);
    expect(code).toBe(2);
    expect(stderr).toBe(
      'Nothing was added: what was made before the failure is taken back.\ndoorward: No: as the test wants it\n',
    );
  });

  test('goes with the step itself, where its answer may have got lost', async () => {
    const { code, deleted } = await addOn({ 'POST /v1/grants': problem(503, 'not-settled') });
    expect(deleted).toEqual(['/v1/agents/default/grants/acme', ...ALL]);
    expect(code).toBe(1);
  });

  test('is named, with the command that removes it, where it will not go', async () => {
    const { stderr, deleted } = await addOn({
      'POST /v1/agents': problem(503, 'database-unavailable'),
      'DELETE /v1/services/acme': problem(503, 'database-unavailable'),
    });
    expect(deleted).toEqual(ALL);
    expect(stderr).toMatch(
      /^Not everything could be taken back\. Left is the service acme: doorward service remove acme\ndoorward: /,
    );
  });

  test('goes when Ctrl-C comes in between, once the step under way has ended', async () => {
    const { code, stderr, deleted } = await addOn({
      'POST /v1/services': () => {
        process.emit('SIGINT');
        return { status: 201, body: service };
      },
    });
    expect(deleted).toEqual(['/v1/services/acme', '/v1/secrets/acme']);
    expect(code).toBe(130);
    expect(stderr).toMatch(/^Nothing was added: .*\ndoorward: Interrupted\.$/m);
  });

  test('does not go where it was there before', async () => {
    const { deleted } = await addOn({
      'POST /v1/secrets': problem(409, 'already-exists'),
    });
    expect(deleted).toEqual([]);
  });

  test('leaves an agent alone that somebody else made meanwhile', async () => {
    const { deleted } = await addOn({
      'POST /v1/agents': problem(409, 'already-exists'),
      'POST /v1/grants': problem(422, 'invalid-input'),
    });
    expect(deleted).toEqual(['/v1/services/acme', '/v1/secrets/acme']);
  });
});

describe('what an agent gets at first', () => {
  test('looks and uses, and deletes nothing; where the method says nothing, it is the actions alone', () => {
    const openai = readAndUse(readEntry('openai')) ?? [];
    expect(openai).toEqual(expect.arrayContaining(['GET /**', 'POST /v1/chat/completions']));
    expect(openai.filter((pattern) => pattern.startsWith('DELETE'))).toEqual([]);
    for (const id of ['slack', 'telegram']) {
      const patterns = readAndUse(readEntry(id)) ?? [];
      expect(patterns.length).toBeGreaterThan(5);
      expect(patterns.filter((pattern) => /\*\*|delete/i.test(pattern))).toEqual([]);
    }
  });

  test('moves no money', () => {
    const patterns = readAndUse(readEntry('stripe')) ?? [];
    expect(patterns).toContain('GET /**');
    expect(
      patterns.filter((pattern) =>
        /^POST .*(refunds|payouts|transfers|charges|payment_intents)/.test(pattern),
      ),
    ).toEqual([]);
  });

  test('is everything, where nothing tells actions apart', () => {
    expect(readAndUse(undefined)).toBeUndefined();
  });
});
