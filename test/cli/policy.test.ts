// Least privilege by command line: what a run calls is learned, grants are tightened to it, changes are tried on recorded calls
// before they are made, and a call is explained before anybody makes it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createShortVerbs, KEY, type ShortVerbs } from './short-verbs-world.ts';

let verbs: ShortVerbs;

beforeAll(async () => {
  verbs = await createShortVerbs();
  await verbs.succeed(['add', 'openai', '--base-url', verbs.vendor.url, '--no-test'], `${KEY}\n`);
  await verbs.succeed(['grant', 'set', 'default', 'openai', '--allow-all']);
});
afterAll(async () => {
  await verbs?.close();
});

const succeed: ShortVerbs['succeed'] = async (argv, input) => verbs.succeed(argv, input);
const doorward: ShortVerbs['doorward'] = async (argv, options) => verbs.doorward(argv, options);
const allowOf = async () => {
  const { allow } = await verbs.world.admin('GET', '/v1/agents/default/grants/openai');
  return allow as string[] | null;
};

const SCRIPT = `
  for id in 11 22 33; do curl -s -H "authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/files/$id"; done
  curl -s -X POST -H "authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/chat/completions" -d '{}'
  exit 3`;

describe('doorward run --learn', () => {
  test('says at the end what the command called, and the grant that is no more than that', async () => {
    const { code, stderr, stdout } = await doorward(['run', '--learn', '--', 'sh', '-c', SCRIPT]);
    expect(code).toBe(3);
    expect(stdout).toContain('"url":"/v1/files/22"');
    expect(stderr).toMatch(/^ {2}GET \/v1\/files\/\{id:int\}$/m);
    expect(stderr).toMatch(/^ {2}POST \/v1\/chat\/completions +\(action chat\)$/m);
    expect(stderr).toMatch(/^ {2}would have refused 0 of 4 recorded calls$/m);
    expect(stderr).toMatch(
      /^To leave it no more than that: doorward grant set default openai --allow 'GET \/v1\/files\/\{id:int\}' --allow 'POST \/v1\/chat\/completions'$/m,
    );
    expect(await allowOf()).toBeNull();
  });

  test('says so where nothing was called; without it nothing is said', async () => {
    expect((await doorward(['run', '--learn', '--', 'true'])).stderr).toMatch(
      /^learned: this run called nothing$/m,
    );
    expect((await doorward(['run', '--', 'sh', '-c', SCRIPT])).stderr).not.toMatch(/would have refused/);
  });
});

describe('a change with --replay', () => {
  const narrow = ['grant', 'set', 'default', 'openai', '--allow', 'GET /v1/files/{id}', '--replay', '7d'];

  test('that would refuse what was called is not made unless it is confirmed', async () => {
    const refused = await doorward(narrow);
    expect(refused.code).toBe(2);
    expect(refused.stdout).toMatch(/^refused\tdefault\tPOST\t\/v1\/chat\/completions\t2\tgrant\t/m);
    expect(refused.stderr).toMatch(
      /^would have refused 2 of 8 recorded calls, and allowed 0 that were refused$/m,
    );
    expect(refused.stderr).toMatch(/2 of 8 recorded calls would be refused.*add --yes/);
    expect(await allowOf()).toBeNull();
    await succeed([...narrow, '--yes']);
    expect(await allowOf()).toEqual(['GET /v1/files/{id}']);
    await succeed(['grant', 'set', 'default', 'openai', '--allow-all', '--replay', '7d']);
    expect(await allowOf()).toBeNull();
  });

  test('is tried for the guards of a service, for what is asked besides, and for a grant that nobody has', async () => {
    const guards = ['service', 'set', 'openai', '--deny', 'GET /v1/files/**', '--replay', '7d'];
    expect(await doorward(guards)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('guard GET /v1/files/**'),
    });
    const constrained = ['grant', 'set', 'default', 'openai', '--methods', 'POST', '--replay', '7d'];
    expect(await doorward(constrained)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('constraint:methods'),
    });
    await verbs.world.admin('POST', '/v1/agents', { name: 'other' });
    const added = await succeed(['grant', 'add', 'other', 'openai', '--replay', '7d']);
    expect(added.stderr).toMatch(/would have refused 0 of 0 recorded calls/);
    expect(await doorward(['service', 'set', 'openai', '--no-listen', '--replay', '7d'])).toMatchObject({
      code: 2,
    });
    expect(await doorward([...narrow.slice(0, -1), 'soon'])).toMatchObject({ code: 2 });
  });
});

describe('doorward grant tighten', () => {
  test('shows the smallest grants, and changes nothing', async () => {
    const { stdout } = await succeed(['grant', 'tighten', 'default', '--since', '7d']);
    expect(stdout).toMatch(/^openai\n {2}GET \/v1\/files\/\{id:int\}\n/);
    expect(stdout).toMatch(/^ {2}would have refused 0 of 8 recorded calls$/m);
    expect(await allowOf()).toBeNull();
    const json = JSON.parse(
      (await succeed(['grant', 'tighten', 'default', 'openai', '--json'])).stdout,
    ) as object;
    expect(json).toMatchObject({
      agent: 'default',
      services: [{ service: 'openai', calls: 8, isSmaller: true }],
    });
  });

  test('--apply writes them, and then there is nothing left to do', async () => {
    await succeed(['grant', 'tighten', 'default', '--apply']);
    expect(await allowOf()).toEqual(['GET /v1/files/{id:int}', 'POST /v1/chat/completions']);
    const again = await succeed(['grant', 'tighten', 'default', '--apply']);
    expect(again.stderr).toMatch(/^Nothing to change\.$/m);
    expect(again.stdout).toMatch(/^ {2}the grant covers no more than that$/m);
    expect(await doorward(['grant', 'tighten', 'nobody'])).toMatchObject({ code: 1 });
    expect(await doorward(['grant', 'tighten', 'default', '--since', 'ever'])).toMatchObject({ code: 2 });
  });
});

describe('doorward explain AGENT METHOD URL', () => {
  test('says what would be decided, by which rule and revision, and what would change it', async () => {
    const good = await succeed(['explain', 'default', 'get', `${verbs.vendor.url}/v1/files/5`]);
    expect(good.stdout).toMatch(/^decision\tallow: GET \/v1\/files\/\{id:int\}$/m);
    expect(good.stdout).toMatch(/^grant\trevision \d+$/m);
    const bad = await succeed(['explain', 'default', 'DELETE', '/call/openai/v1/files/5']);
    expect(bad.stdout).toMatch(/^decision\tdeny: not-allowed, by grant$/m);
    expect(bad.stdout).toMatch(/^needs\tDELETE \/v1\/files\/5$/m);
    expect(bad.stderr).toMatch(
      /^To change that: doorward grant set default openai --also 'DELETE \/v1\/files\/5'$/m,
    );
    const json = JSON.parse(
      (await succeed(['explain', 'default', 'GET', '/call/openai/x', '--json'])).stdout,
    ) as object;
    expect(json).toMatchObject({ effect: 'deny', service: 'openai', rule: 'grant' });
  });

  test('wants all three, and an address', async () => {
    expect(await doorward(['explain', 'default', 'GET'])).toMatchObject({ code: 2 });
    expect(await doorward(['explain', 'default', 'GET', 'openai/v1'])).toMatchObject({ code: 2 });
    expect(await doorward(['explain', 'nobody', 'GET', '/call/openai/x'])).toMatchObject({ code: 1 });
  });
});
