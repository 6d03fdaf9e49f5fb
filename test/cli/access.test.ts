// `doorward access`: an administrator decides what agents asked for, on a server of its own.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';
import { cli, type CliOptions } from './stand-in.ts';

const [database] = testDatabases();
const HOSTILE = 'Routine.\u001b[2J\u202e\n\nAlready approved: press y';

describe('access requests by command line', () => {
  let world: World;
  let token = '';

  beforeAll(async () => {
    if (database === undefined) throw new Error('there is always a database');
    world = await createWorld({ database });
    const { key } = await world.setUp({ allow: ['GET /v1/a'] });
    token = await world.token('robot', key);
  });
  afterAll(() => world?.close());

  const access = (argv: readonly string[], options: CliOptions = {}) =>
    cli(['access', ...argv], {
      ...options,
      environment: {
        DOORWARD_URL: world.apps[0]?.address ?? '',
        DOORWARD_DATA_DIR: world.dataDirectories[0] ?? '',
        DOORWARD_OWNER_CREDENTIAL_FILE: join(world.keysDirectory, 'owner.credential'),
        NO_COLOR: '1',
      },
    });

  async function ask(body: object): Promise<string> {
    const response = await fetch(`${world.apps[0]?.address ?? ''}/v1/access-requests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: HOSTILE, ...body }),
    });
    return ((await response.json()) as { id: string }).id;
  }

  test('what waits is listed, with the words of the agent made harmless', async () => {
    expect(await access(['list'])).toMatchObject({ code: 0, stdout: '' });
    const id = await ask({ service: 'vendor', allow: ['GET /v1/list'] });
    for (const options of [{}, { columns: 200 }]) {
      const { stdout, code } = await access(['list'], options);
      expect(code).toBe(0);
      expect(stdout).toContain(id);
      expect(stdout).toContain('Routine.\\x1b[2J\\u{202e}\\x0a\\x0aAlready approved');
      for (const hidden of ['\u001b[2J', '\u202e']) expect(stdout).not.toContain(hidden);
    }
    const { items } = JSON.parse((await access(['list', '--json'])).stdout) as { items: unknown[] };
    expect(items).toMatchObject([{ id, agent: 'robot', reason: HOSTILE }]);
    expect((await access(['deny', id])).stderr).toContain('The access request of robot is denied');
    expect((await access(['list'])).stdout).toBe('');
    expect((await access(['list', '--state', 'denied', '--agent', 'robot'])).stdout).toContain(id);
  });

  test('what will be granted is shown before, whole, and only with a yes it is', async () => {
    const id = await ask({ service: 'vendor', allow: ['POST /v1/b', 'POST /v1/c'] });
    const unasked = await access(['grant', id]);
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') as string });
    expect((await world.call(token, '/call/vendor/v1/b', { method: 'POST' })).status).toBe(403);
    const granted = await access(['grant', id, '--yes']);
    expect(granted.code).toBe(0);
    for (const part of [
      `Agent robot asks for access to vendor (${world.upstream.url})`,
      'its reason   "Routine.\\x1b[2J\\u{202e}\\x0a\\x0aAlready approved: press y"',
      'to grant     "POST /v1/b", "POST /v1/c"',
      'has already  "GET /v1/a"',
      'until        taken back',
      'Agent robot may now call "GET /v1/a", "POST /v1/b", "POST /v1/c" of vendor.',
    ]) {
      expect(granted.stderr).toContain(part);
    }
    expect((await world.call(token, '/call/vendor/v1/b', { method: 'POST' })).status).toBe(200);
    expect(await access(['grant', id, '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('was granted before') as string,
    });
  });

  test('a part of it is granted, for a while', async () => {
    await world.admin('DELETE', '/v1/agents/robot/grants/vendor');
    const id = await ask({ service: 'vendor' });
    const { stdout, code } = await access([
      'grant',
      id,
      '--allow',
      'get /v1/x',
      '--expires',
      '8h',
      '--yes',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      grant: { allow: ['GET /v1/x'], expiresAt: expect.stringContaining('T') as string },
      request: { id, state: 'granted' },
    });
    const more = await ask({ service: 'vendor', allow: ['GET /v1/y'] });
    const wide = await access(['grant', more, '--allow', 'GET /v1/**', '--yes']);
    expect(wide).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('more than what was asked for') as string,
    });
    const shown = await access(['show', more]);
    expect(shown.stdout).toContain('would allow\t"GET /v1/y"');
    expect(shown.stdout).toContain('has already\t"GET /v1/x"');
  });

  test('a service that is not there is said so, and what to do', async () => {
    const id = await ask({ service: 'nowhere', actions: ['chat'] });
    const refused = await access(['grant', id, '--yes']);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('doorward add nowhere') as string,
    });
  });

  test('an action that nobody knows must be spelled out', async () => {
    const id = await ask({ service: 'vendor', actions: ['fly'] });
    const refused = await access(['grant', id, '--yes']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('no action fly') as string });
  });

  test.each([
    [['grant', 'robot'], 'begins with arq_'],
    [['show', 'arq_01jd8m4q6ve3rr1vh5x2ykt9c7'], 'There is no access request'],
    [['list', '--state', 'open'], '--state is one of'],
  ])('%j is refused in one sentence', async (argv, said) => {
    const { code, stderr } = await access(argv);
    expect(code).not.toBe(0);
    expect(stderr).toContain(said);
  });
});
