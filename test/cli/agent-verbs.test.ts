// What comes after a key by command line: run, env, log, explain, revoke, skill, with a real upstream that checks the key.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANTHROPIC_KEY, createShortVerbs, KEY, type ShortVerbs } from './short-verbs-world.ts';

/** Of commands that are started again and again until they show what is recorded in the background. */
const PATIENCE_MS = 30_000;

let verbs: ShortVerbs;
let world: ShortVerbs['world'];
let vendor: ShortVerbs['vendor'];

beforeAll(async () => {
  verbs = await createShortVerbs();
  ({ world, vendor } = verbs);
  await succeed(['add', 'openai', '--base-url', vendor.url], `${KEY}\n`);
  await succeed(['add', 'anthropic', '--base-url', vendor.url], `${ANTHROPIC_KEY}\n`);
});
afterAll(async () => {
  await verbs?.close();
});

const doorward: ShortVerbs['doorward'] = async (argv, options) => verbs.doorward(argv, options);
const succeed: ShortVerbs['succeed'] = async (argv, input) => verbs.succeed(argv, input);
const forget: ShortVerbs['forget'] = async (name) => verbs.forget(name);

describe('doorward run without a name', () => {
  const inRun = async (script: string) => doorward(['run', '--', 'sh', '-c', script]);

  test('is a run of the agent default, with a placeholder of the look of each key', async () => {
    const { code, stdout } = await inRun(
      'echo $OPENAI_API_KEY $OPENAI_BASE_URL; echo $ANTHROPIC_API_KEY; exit 3',
    );
    expect(code).toBe(3);
    const [openai = '', anthropic = ''] = stdout.split('\n');
    expect(openai).toMatch(/^sk-proj-\S+ http:\/\/127\.0\.0\.1:\d+\/call\/openai\/v1$/);
    expect(anthropic).toMatch(/^sk-ant-api03-[\w-]{93}AA$/);
    expect(stdout).not.toContain(KEY);
  });

  test('takes words of the command for words of the command', async () => {
    expect((await doorward(['run', '--', 'echo', '--', '-x', 'default'])).stdout).toBe('-- -x default\n');
    expect((await doorward(['run', '--sandbox', 'off', '--', 'echo', 'a'])).stdout).toBe('a\n');
    expect((await doorward(['run', 'default', '--', 'echo', 'b'])).stdout).toBe('b\n');
    expect(await doorward(['run', '--'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/No command/),
    });
    expect(await doorward(['run', 'nobody', '--', 'true'])).toMatchObject({ code: 1 });
  });

  test('gives claude a token that is good as a bearer, and no key beside it', async () => {
    const folder = join(world.root, 'bin');
    mkdirSync(folder);
    const claude = `#!/bin/sh
      curl -s -H "authorization: Bearer $ANTHROPIC_AUTH_TOKEN" "$ANTHROPIC_BASE_URL/v1/models"; echo "|$ANTHROPIC_API_KEY"\n`;
    writeFileSync(join(folder, 'claude'), claude, { mode: 0o755 });
    const environment = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, ANTHROPIC_API_KEY: 'sk-ant-mine' };
    const { stdout, stderr } = await doorward(['run', '--', 'claude'], { environment });
    expect(stdout).toBe('{"method":"GET","url":"/v1/models","data":[]}|\n');
    expect(stderr).toMatch(/^ANTHROPIC_API_KEY was set; the command gets its other variable instead\.$/m);
    expect(vendor.seen.at(-1)?.headers['x-api-key']).toBe(ANTHROPIC_KEY);
  });

  test('says which variables it put aside, and leaves a vendor that is not granted alone', async () => {
    const mine = { ANTHROPIC_AUTH_TOKEN: 'sk-ant-mine', STRIPE_API_KEY: 'sk_test_mine' };
    const argv = ['run', '--', 'sh', '-c', 'echo "$ANTHROPIC_AUTH_TOKEN|$STRIPE_API_KEY"'];
    const { stdout, stderr } = await doorward(argv, { environment: mine });
    expect(stdout).toBe('|sk_test_mine\n');
    expect(stderr).toMatch(/^ANTHROPIC_AUTH_TOKEN was set; the command gets its other variable instead\.$/m);
  });
});

describe('doorward env', () => {
  const variables = async (...argv: string[]) => (await succeed(['env', ...argv])).stdout;

  test('prints variables for a shell that work in one', async () => {
    const script =
      'eval "$("$0" env)" && curl -s -H "authorization: Bearer $OPENAI_API_KEY" "$OPENAI_BASE_URL/models"';
    const { stdout } = await world.doorward(['--version']); // the launcher is there
    expect(stdout).toMatch(/\d/);
    const { start } = await import('./process.ts');
    const ended = await start('sh', ['-c', script, world.launcher], { environment: world.environment });
    expect(ended.stdout).toBe('{"method":"GET","url":"/v1/models","data":[]}');
    expect(await variables()).toMatch(/^unset ANTHROPIC_AUTH_TOKEN$/m);
    expect(await variables()).toMatch(/^export OPENAI_API_KEY='sk-proj-\S+'$/m);
  });

  test('prints JSON, dotenv, one service, and one value alone', async () => {
    const json = JSON.parse(await variables('--format', 'json')) as Record<string, string>;
    expect(Object.keys(json).toSorted()).toEqual([
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_BASE_URL',
      'OPENAI_API_KEY',
      'OPENAI_BASE_URL',
    ]);
    const dotenv = await variables('default', '--format', 'dotenv', '--service', 'openai', '--ttl', '1h');
    expect(dotenv).toMatch(/^OPENAI_API_KEY=sk-proj-\S+\nOPENAI_BASE_URL=http:\S+\/call\/openai\/v1\n$/);
    expect(await variables('--print', 'ANTHROPIC_AUTH_TOKEN')).toMatch(/^sk-ant-api03-\S+\n$/);
    expect(await doorward(['env', '--print', 'NO_SUCH'])).toMatchObject({ code: 2 });
    expect(await doorward(['env', '--service', 'stripe'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/doorward grant add default stripe/),
    });
    expect(await doorward(['env', '--ttl', 'soon'])).toMatchObject({ code: 2 });
  });

  test('--explain says what is set and what will not work, and makes no placeholder', async () => {
    await succeed(['add', 'stripe', '--base-url', vendor.url, '--no-test'], `sk_test_${'a'.repeat(24)}`);
    const count = async () => (await succeed(['placeholder', 'list'])).stdout.split('\n').length;
    const before = await count();
    const text = await variables('--explain');
    expect(text).toMatch(/^openai {2}http:\S+\/call\/openai\n {2}sets OPENAI_API_KEY, OPENAI_BASE_URL$/m);
    expect(text).toMatch(/apiKeyHelper/);
    expect(text).toMatch(/ANTHROPIC_AUTH_TOKEN must not be set beside it/);
    expect(text).toMatch(/its clients read no address from a variable.*service set stripe --listen/);
    expect(text).not.toMatch(/sk-/);
    const { services } = JSON.parse(await variables('--explain', '--json')) as {
      services: { service: string }[];
    };
    expect(services.map(({ service }) => service)).toEqual(['anthropic', 'openai', 'stripe']);
    expect(await count()).toBe(before);
    await forget('stripe');
  });
});

describe('what happened', () => {
  test('log shows the decision, and explain the newest refusal with what would change it', async () => {
    await succeed(['grant', 'set', 'default', 'openai', '--allow', 'GET /v1/models']);
    expect((await doorward(['call', 'openai', 'DELETE', '/v1/files/1', '--agent', 'default'])).code).toBe(5);
    await expect
      .poll(async () => (await succeed(['log'])).stdout, { timeout: PATIENCE_MS })
      .toMatch(/\tdefault\topenai\tDELETE\t\/v1\/files\/1\tdeny\tnot-allowed\t-$/m);
    const { stdout, stderr } = await succeed(['explain']);
    expect(stdout).toMatch(/^call\tDELETE \/v1\/files\/1$/m);
    expect(stdout).toMatch(/^decision\tdeny: not-allowed, by grant, revision 2 of the grant$/m);
    expect(stderr).toMatch(
      /^To change that: doorward grant set default openai --also 'DELETE \/v1\/files\/1'$/m,
    );
    const [request = ''] = /req_\w+/.exec(stdout) ?? [];
    const json = JSON.parse((await succeed(['explain', request, '--json'])).stdout) as { advice: object };
    expect(json.advice).toMatchObject({ neededGrant: 'DELETE /v1/files/1' });
    await succeed(['grant', 'set', 'default', 'openai', '--also', 'DELETE /v1/files/1']);
    const widened = JSON.parse(
      (await succeed(['grant', 'show', 'default', 'openai', '--json'])).stdout,
    ) as object;
    expect(widened).toMatchObject({ allow: ['GET /v1/models', 'DELETE /v1/files/1'] });
    expect((await succeed(['explain', request])).stderr).toMatch(/It would be allowed now, by DELETE/);
    const both = ['grant', 'set', 'default', 'openai', '--also', 'GET /x', '--allow-all'];
    expect(await doorward(both)).toMatchObject({ code: 2 });
  });

  test('explain tells an allowed call by the id of its answer', async () => {
    const made = await doorward(['call', 'openai', 'GET', '/v1/models', '--agent', 'default', '-i']);
    const [, id = ''] = /doorward-request-id: (req_\w+)/.exec(made.stdout) ?? [];
    await expect
      .poll(async () => (await succeed(['explain', id])).stdout, { timeout: PATIENCE_MS })
      .toMatch(/^answer\t200 in \d+ ms, \d+ bytes, with version 1$/m);
    expect((await succeed(['explain', id])).stdout).toMatch(
      /^decision\tallow: GET \/v1\/models, revision 3 of the grant$/m,
    );
    expect(await doorward(['explain', 'nonsense'])).toMatchObject({ code: 2 });
    expect(await doorward(['explain', 'req_01jd8m4q6ve3rr1vh5x2ykt9c7'])).toMatchObject({ code: 1 });
  });

  test('revoke makes placeholders worthless at once, and a new run works', async () => {
    const before = JSON.parse((await succeed(['env', '--format', 'json'])).stdout) as Record<string, string>;
    const tryIt = async (key = '') =>
      (
        await fetch(`${before['OPENAI_BASE_URL'] ?? ''}/models`, {
          headers: { authorization: `Bearer ${key}` },
        })
      ).status;
    expect(await tryIt(before['OPENAI_API_KEY'])).toBe(200);
    const { stderr } = await succeed(['revoke']);
    expect(stderr).toMatch(
      /^The agent default is revoked: 0 runs ended, \d+ placeholders? and every access token/,
    );
    expect(await tryIt(before['OPENAI_API_KEY'])).toBe(401);
    const after = await doorward([
      'run',
      '--',
      'sh',
      '-c',
      '"$0" call openai GET /v1/models',
      world.launcher,
    ]);
    expect(after.code).toBe(0);
    expect(await doorward(['revoke', 'nobody'])).toMatchObject({ code: 1 });
  });
});

describe('doorward skill', () => {
  test('prints what an agent needs to know, for either file', async () => {
    const claude = (await succeed(['skill'])).stdout;
    const agents = (await succeed(['skill', '--format', 'agents'])).stdout;
    for (const text of [claude, agents]) {
      expect(text).toMatch(/^## Calling APIs/);
      for (const word of ['placeholder', 'do not retry', 'doorward explain', 'doorward call'])
        expect(text).toContain(word);
    }
    expect(claude).toContain('doorward mcp');
    expect(claude.startsWith(agents)).toBe(true);
  });
});
