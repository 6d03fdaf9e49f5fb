// `doorward import` and `doorward uninstall` against a real server: from the masked plan to files that are as they were.
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { tryKeys } from '../../src/cli/test-key.ts';
import type { CatalogueEntry } from '../../src/catalogue/entry.ts';
import { readCatalogue } from '../../src/catalogue/catalogue.ts';
import { createClient } from '../../src/cli/client.ts';
import { HAS_PSEUDO_TERMINAL, isThere } from './needs.ts';
import type { Exited, StartOptions } from './process.ts';
import { onPty } from './pseudo-terminal.ts';
import { createCliWorld, type CliWorld } from './world.ts';

const OPENAI = 'sk-proj-Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5KwQ1nVbXe';
const OPENAI_TOO = 'sk-proj-Ma2sDf4GhJ6kLz8XcV0bNm1QwErTy3UiOp5AsDfG';
const GITHUB = 'ghp_Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5KwQ1n';
const RESEND = 're_Zq8vNk3TzW6xPm2LrB9cYd4Hs';
const GROQ = `gsk_${'Zq8vNk3TzW6xPm2LrB9cYd4HsJ'.repeat(2)}`;
const KEYS = [OPENAI, OPENAI_TOO, GITHUB, RESEND, GROQ];

let world: CliWorld;
let work: string;
/** Everything any command has printed. */
let said = '';
beforeAll(async () => {
  world = await createCliWorld();
  work = join(world.root, 'work');
});
afterAll(async () => world?.close());
beforeEach(() => {
  rmSync(work, { recursive: true });
  mkdirSync(work);
});

async function doorward(argv: readonly string[], options?: StartOptions): Promise<Exited> {
  const exited = await world.doorward(argv, options);
  said += exited.stdout + exited.stderr;
  return exited;
}

async function succeeds(argv: readonly string[], options?: StartOptions): Promise<Exited> {
  const exited = await doorward(argv, options);
  expect(exited, argv.join(' ')).toMatchObject({ code: 0 });
  return exited;
}

const put = (name: string, text: string) => writeFileSync(join(work, name), text);
const got = (name: string) => readFileSync(join(work, name), 'utf8');
const items = async (...argv: readonly string[]) => {
  const { stdout } = await succeeds([...argv, '--json']);
  return (JSON.parse(stdout) as { items: Record<string, unknown>[] }).items;
};
const stored = async (what: 'secrets' | 'placeholders') => (await world.admin('GET', `/v1/${what}`))['items'];
const backups = () =>
  readdirSync(join(world.dataDirectory, 'import')).filter((name) => name.endsWith('.age'));

test('a dry run shows the masked plan and does nothing', async () => {
  put('.env', `OPENAI_API_KEY=${OPENAI}\nPORT=3000\nACME_TOKEN=8f7e6d5c4b3a29180716\n`);
  const { stdout, stderr } = await succeeds(['import', '.env', '--dry-run']);
  expect(stdout).toBe('.env:1\tOPENAI_API_KEY\tsk-proj-…VbXe\topenai\tOpenAI\n');
  expect(stderr).toContain('.env:3 ACME_TOKEN no service is known for it.');
  expect(stderr).toContain('doorward add acme --base-url https://… --auth bearer');
  expect(stderr).toContain('A dry run: nothing was done.');
  expect(await stored('secrets')).toEqual([]);
});

test('a dry run needs no server', async () => {
  put('.env', `OPENAI_API_KEY=${OPENAI}\n`);
  const elsewhere = { environment: { DOORWARD_DATA_DIR: join(world.root, 'nowhere') } };
  const { stderr } = await succeeds(['import', '.env', '--dry-run'], elsewhere);
  expect(stderr).toContain('No server was asked');
});

test('nothing is stored before somebody agrees', async () => {
  put('.env', `OPENAI_API_KEY=${OPENAI}\n`);
  const refused = await doorward(['import', '.env']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') });
  expect(await stored('secrets')).toEqual([]);
});

test.runIf(HAS_PSEUDO_TERMINAL)('on a terminal a table is shown and the question is asked', async () => {
  put('.env', `OPENAI_API_KEY=${OPENAI}\n`);
  const environment = { ...process.env, ...world.environment };
  const command = [world.launcher, 'import', '--no-test'];
  const { output, code } = await onPty(command, [['[y/N]', 'n\r']], { environment, workingDirectory: work });
  said += output;
  expect(code).toBe(1);
  expect(output).toMatch(/WHERE\s+VARIABLE\s+KEY\s+BECOMES\s+FOR/);
  expect(output).toContain('Store 1 key for the agent default?');
  expect(output).toContain('Not confirmed: nothing was changed.');
});

test('keys become secrets, services and grants of the agent default, and the files stay', async () => {
  const text = `export OPENAI_API_KEY="${OPENAI}"\r\nGITHUB_TOKEN=${GITHUB}\r\nOPENAI_API_KEY=${OPENAI_TOO}\r\n`;
  put('.env', text);
  const { stderr } = await succeeds(['import', '.env', '--yes', '--no-test']);
  expect(stderr).toContain('3 keys stored and read back; the agent default may call with them.');
  expect(stderr).toContain(
    'OPENAI_API_KEY is set twice in .env: line 3 counts, and line 1 holds another key.',
  );
  expect(got('.env')).toBe(text);
  const names = (await items('secret', 'list')).map(({ name, currentVersion }) => [name, currentVersion]);
  expect(names.map(String).toSorted()).toEqual(['github,1', 'openai,1', 'openai-2,1']);
  const services = await items('service', 'list');
  expect(services.find(({ name }) => name === 'openai-2')).toMatchObject({
    baseUrl: 'https://api.openai.com',
    catalogueId: 'openai',
    keyEnv: 'OPENAI_API_KEY',
  });
  const grants = await items('grant', 'list', '--agent', 'default');
  expect(grants.map(({ service }) => String(service)).toSorted()).toEqual(['github', 'openai', 'openai-2']);
});

test('the same keys again are known, replaced by placeholders, and put back byte for byte', async () => {
  const text = `# mine\r\nexport OPENAI_API_KEY="${OPENAI}" # c\r\nGITHUB_TOKEN=${GITHUB}\r\nPORT=1`;
  put('.env', text);
  const { stdout } = await succeeds(['import', '.env', '--replace', '--yes', '--no-test', '--json']);
  const told = JSON.parse(stdout) as {
    keys: { name: string; stored: boolean }[];
    replaced: { values: number };
  };
  expect(told.keys.map(({ name, stored }) => [name, stored])).toEqual([
    ['openai-2', true],
    ['github', true],
  ]);
  expect(told.replaced.values).toBe(2);
  const replaced = got('.env');
  expect(replaced).toMatch(
    /^# mine\r\nexport OPENAI_API_KEY="sk-proj-[\w-]+" # c\r\nGITHUB_TOKEN=ghp_\w{36}\r\nPORT=1$/,
  );
  for (const key of KEYS) expect(replaced).not.toContain(key);
  expect(await stored('secrets')).toHaveLength(3);

  const again = await succeeds(['import', '.env', '--replace', '--yes']);
  expect(again.stderr).toContain('Placeholders already: .env:2, .env:3.');
  const scanned = await succeeds(['scan', '.']);
  expect(scanned.stderr).toContain('No key, 2 placeholders in 1 file.');

  const restored = await succeeds(['import', '--restore', '--yes']);
  expect(restored.stderr).toContain('As before, byte for byte: 1 file');
  expect(got('.env')).toBe(text);
  expect(backups()).toEqual([]);
  expect(await stored('placeholders')).toEqual([]);
  expect((await doorward(['import', '--restore', '--yes'])).stderr).toContain('No import has changed a file');
});

test('a placeholder from a file calls its own service as the agent default', async () => {
  put('.env', `RESEND_API_KEY=${RESEND}\n`);
  await succeeds(['import', '.env', '--replace', '--yes', '--no-test']);
  await world.admin('PATCH', '/v1/services/resend', { baseUrl: world.upstreamUrl });
  const placeholder = /RESEND_API_KEY=(.*)/.exec(got('.env'))?.[1] ?? '';
  expect(placeholder).toMatch(/^re_/);
  const call = async (service: string) =>
    fetch(`${world.url}/call/${service}/domains`, { headers: { authorization: `Bearer ${placeholder}` } });
  expect((await call('resend')).status).toBe(200);
  expect(world.arrived.at(-1)?.authorization).toBe(`Bearer ${RESEND}`);
  expect((await call('github')).status).toBeGreaterThanOrEqual(400);
  await succeeds(['import', '--restore', '--yes']);
  expect((await call('resend')).status).toBeGreaterThanOrEqual(400);
});

test('a key that was added by hand is known when it is met in a file', async () => {
  await succeeds(['add', 'groq', '--no-test'], { input: `${GROQ}\n` });
  put('.env', `GROQ_API_KEY=${GROQ}\n`);
  const { stdout } = await succeeds(['import', '.env', '--dry-run']);
  expect(stdout).toContain('groq (stored)');
});

test('what was kept can be let go', async () => {
  put('.env', `GITHUB_TOKEN=${GITHUB}\n`);
  await succeeds(['import', '.env', '--replace', '--yes', '--no-test']);
  expect(backups()).toHaveLength(1);
  expect((await doorward(['import', '--forget'])).code).toBe(2);
  await succeeds(['import', '--forget', '--yes']);
  expect(backups()).toEqual([]);
  expect(got('.env')).not.toContain(GITHUB);
});

test('MCP servers get the address of the broker beside the placeholder', async () => {
  put('.mcp.json', `{"mcpServers": {"a": {"command": "x", "env": {"OPENAI_API_KEY": "${OPENAI}"}}}}`);
  await succeeds(['import', '.mcp.json', '--replace', '--yes', '--no-test']);
  const { mcpServers } = JSON.parse(got('.mcp.json')) as {
    mcpServers: { a: { env: Record<string, string> } };
  };
  expect(mcpServers.a.env['OPENAI_API_KEY']).toMatch(/^sk-proj-/);
  expect(mcpServers.a.env['OPENAI_BASE_URL']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/call\/openai-2\/v1$/);
  await succeeds(['import', '--restore', '--yes']);
});

test('the environment and the home directory are looked at where that is asked for', async () => {
  mkdirSync(join(world.root, '.config/gh'), { recursive: true });
  writeFileSync(join(world.root, '.config/gh/hosts.yml'), `github.com:\n    oauth_token: ${GITHUB}\n`);
  const environment = { OPENAI_API_KEY: OPENAI };
  const { stdout, stderr } = await succeeds(['import', '--environment', '--home', '--yes', '--no-test'], {
    environment,
  });
  expect(stdout).toMatch(/^environment\tOPENAI_API_KEY\t/m);
  expect(stdout).toMatch(/hosts\.yml:2\toauth_token\tghp_…wQ1n/m);
  expect(stderr).toContain('The environment of this shell still holds OPENAI_API_KEY');
  rmSync(join(world.root, '.config'), { recursive: true });
});

const isolated = ['unshare', '--mount', '--map-root-user', 'sh', '-c'] as const;
const HAS_MOUNTS = isThere('a file system of their own (unshare)', () => {
  execFileSync(isolated[0], [...isolated.slice(1), 'mount -t tmpfs -o size=64k none /mnt'], {
    stdio: 'pipe',
  });
});

test.runIf(HAS_MOUNTS)('nothing is replaced where the disk is full', async () => {
  const text = `OPENAI_API_KEY=${OPENAI}\n# ${'x'.repeat(100_000)}\n`;
  put('.env', text);
  const script =
    'mount -t tmpfs -o size=64k none "$DOORWARD_DATA_DIR/import" && exec "$0" import .env --replace --yes --no-test';
  const child = spawn(isolated[0], [...isolated.slice(1), script, world.launcher], {
    cwd: work,
    env: { ...process.env, ...world.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdout.resume();
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/No backup could be kept: the disk is full\. So nothing was replaced/),
  });
  expect(got('.env')).toBe(text);
});

test('killed in the middle, every file is whole, and all come back', async () => {
  const names = Array.from({ length: 400 }, (_, at) => `${String(at)}.env`);
  const texts = new Map(names.map((name) => [name, `# ${name}\nOPENAI_API_KEY=${OPENAI}\n`]));
  for (const [name, text] of texts) put(name, text);
  const child = spawn(world.launcher, ['import', '.', '--replace', '--yes', '--no-test'], {
    cwd: work,
    env: { ...process.env, ...world.environment },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const watcher = watch(work, () => {
    child.kill('SIGKILL');
    watcher.close();
  });
  await ended;
  watcher.close();
  for (const [name, text] of texts) {
    const now = got(name);
    expect(now === text || /^# \d+\.env\nOPENAI_API_KEY=sk-proj-[\w-]+\n$/.test(now), name).toBe(true);
  }
  await succeeds(['import', '--restore', '--yes']);
  for (const [name, text] of texts) expect(got(name)).toBe(text);
});

test('a key that its vendor refuses is told apart from one that it takes', async () => {
  await world.admin('POST', '/v1/secrets', { name: 'vendor', value: RESEND });
  const service = { name: 'vendor', baseUrl: world.upstreamUrl, auth: { kind: 'bearer' }, secret: 'vendor' };
  await world.admin('POST', '/v1/services', service);
  await world.admin('POST', '/v1/grants', { agent: 'default', service: 'vendor' });
  const credential = readFileSync(join(world.dataDirectory, 'owner.credential'), 'utf8').trim();
  const client = createClient(
    { kind: 'url', url: world.url },
    { readCredential: async () => credential, say: () => undefined },
  );
  const [sample = expect.fail('an empty catalogue')] = readCatalogue();
  const outcome = async (testCall: CatalogueEntry['testCall']) => {
    const { testCall: _, ...bare } = sample;
    const entry = testCall === undefined ? bare : { ...bare, testCall };
    return (await tryKeys(client, 'default', [{ service: 'vendor', entry }])).get('vendor')?.outcome;
  };
  expect(await outcome({ method: 'GET', path: '/me', expectStatus: 200 })).toBe('accepted');
  expect(await outcome({ method: 'GET', path: '/me', expectStatus: 200, expectMember: 'method' })).toBe(
    'accepted',
  );
  expect(await outcome({ method: 'GET', path: '/me', expectStatus: 200, expectMember: 'me.id' })).toBe(
    'refused',
  );
  expect(await outcome({ method: 'GET', path: '/teapot', expectStatus: 200 })).toBe('unclear');
  expect(await outcome({ method: 'GET', path: '/teapot', expectStatus: 200, alsoValid: [418] })).toBe(
    'accepted',
  );
  expect(await outcome({ method: 'GET', path: '/fail', expectStatus: 200 })).toBe('unclear');
  expect(await outcome(undefined)).toBe('untried');
});

test('flags that do not go together are refused', async () => {
  for (const argv of [
    ['--restore', '--forget'],
    ['.env', '--restore'],
    ['--forget', '--replace'],
  ]) {
    expect(await doorward(['import', ...argv])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('stand alone'),
    });
  }
  expect(await doorward(['import'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('No .env file'),
  });
});

// The last ones: they take the installation away.
test('uninstall refuses while a server runs, and while files hold placeholders', async () => {
  expect(await doorward(['uninstall', '--confirm', 'doorward'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('or add --stop. Nothing was removed.'),
  });
  put('.env', `OPENAI_API_KEY=${OPENAI}\n`);
  await succeeds(['import', '.env', '--replace', '--yes', '--no-test']);
  expect(await doorward(['uninstall', '--stop', '--confirm', 'doorward'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Add --restore to put them back'),
  });
  expect(await doorward(['uninstall', '--stop', '--restore', '--yes'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('add --confirm doorward'),
  });
  expect(existsSync(join(world.dataDirectory, 'root.key'))).toBe(true);
});

test('uninstall puts the files back, stops the server and leaves nothing', async () => {
  const text = `OPENAI_API_KEY=${OPENAI}\n`;
  put('.env', text);
  await succeeds(['import', '.env', '--replace', '--yes', '--no-test']);
  writeFileSync(join(world.root, 'rc'), 'alias a=b\nsource <(doorward completion bash)\nexport C=1\n');
  symlinkSync('rc', join(world.root, '.bashrc'));
  const ended = new Promise((resolve) => world.server.once('exit', resolve));
  const { stderr } = await succeeds(['uninstall', '--stop', '--restore', '--confirm', 'doorward']);
  await ended;
  expect(stderr).toContain(`${world.dataDirectory}, with every key, agent and audit event in it`);
  expect(stderr).toContain('1 line for completion in');
  expect(got('.env')).toBe(text);
  expect(stderr).not.toContain('Not ours');
  expect(existsSync(world.dataDirectory)).toBe(false);
  expect(readFileSync(join(world.root, 'rc'), 'utf8')).toBe('alias a=b\nexport C=1\n');
  expect(readdirSync(world.root).toSorted()).toEqual(['.bashrc', 'rc', 'work']);
  expect((await doorward(['uninstall', '--confirm', 'doorward'])).stderr).toContain(
    'There is no installation',
  );
});

test('uninstall leaves what is not ours, and takes nothing that is not an installation', async () => {
  const data = join(world.root, 'other');
  mkdirSync(join(data, 'db'), { recursive: true });
  writeFileSync(join(data, 'root.key'), 'x');
  writeFileSync(join(data, 'mine.txt'), 'x');
  const environment = { DOORWARD_DATA_DIR: data };
  const { stderr } = await succeeds(['uninstall', '--confirm', 'doorward'], { environment });
  expect(stderr).toContain('Not ours, so it stays:');
  expect(readdirSync(data)).toEqual(['mine.txt']);
  expect(await doorward(['uninstall', '--confirm', 'doorward'], { environment })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('does not look like a data directory'),
  });
});

test('no command printed a key', () => {
  for (const key of KEYS) expect(said).not.toContain(key);
  expect(said.length).toBeGreaterThan(1000);
});
