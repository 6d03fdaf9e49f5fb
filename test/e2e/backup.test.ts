// Backups as an administrator makes them: by the command line, from a running server, onto a new machine.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HAS_PSEUDO_TERMINAL } from '../cli/needs.ts';
import { ONE_COMMAND } from '../cli/process.ts';
import { onPty } from '../cli/pseudo-terminal.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { createInstallation, eventually, type Installation, SECRET_VALUE, type Server } from './server.ts';

const PASSPHRASE = 'correct horse battery staple';

let installation: Installation;
let upstream: Upstream;
let server: Server;
let passphraseFile: string;
const path = (name: string) => join(installation.root, name);

beforeAll(async () => {
  [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
  passphraseFile = path('passphrase');
  writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
  server = await installation.serve({ environment: { DOORWARD_PUBLIC_URL: 'http://doorward.test' } });
  const token = await server.setUp(upstream.url);
  await (await server.call(token, '/call/vendor/before')).text();
});
afterAll(async () => {
  await installation?.remove();
  await upstream?.close();
});

const at = (dataDirectory: string) => ({
  DOORWARD_DATA_DIR: dataDirectory,
  DOORWARD_BACKUP_PASSPHRASE_FILE: passphraseFile,
});
const doorward = (argv: readonly string[], dataDirectory: string, input?: string) =>
  installation.doorward(argv, {
    environment: at(dataDirectory),
    ...(input === undefined ? {} : { input }),
  });

test('a backup is made of a running server, whole and private, and never over another file unasked', async () => {
  const file = path('one.backup');
  const made = await doorward(['backup', 'create', file, '--json'], server.dataDirectory);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const { bytes } = JSON.parse(made.stdout) as { bytes: number };
  expect(statSync(file)).toMatchObject({ size: bytes });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const before = readFileSync(file);
  const again = await doorward(['backup', 'create', file], server.dataDirectory);
  expect(again).toMatchObject({ code: 2, stdout: '' });
  expect(again.stderr).toMatch(/^doorward: \S+one\.backup is there already.*--force[^\n]*\n$/);
  expect(readFileSync(file)).toEqual(before);
  expect(await doorward(['backup', 'create', file, '--force'], server.dataDirectory)).toMatchObject({
    code: 0,
  });
  expect(readFileSync(file)).not.toEqual(before);
  for (const text of [server.output.stdout, server.output.stderr, made.stdout])
    expect(text).not.toContain(PASSPHRASE);

  const verified = await doorward(['backup', 'verify', file, '--json'], server.dataDirectory);
  expect(verified).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, findings: [], valuesOpened: 1 });
  const listed = await doorward(['audit', 'list', '--kind', 'backup', '--json'], server.dataDirectory);
  expect(listed.stdout).toContain('backup.complete');
  expect(listed.stdout).not.toContain(PASSPHRASE);
});

test('a backup to a recipient goes to stdout and opens with the identity only', async () => {
  const identity = await generateIdentity();
  writeFileSync(path('key.txt'), `# made for a test\n${identity}\n`, { mode: 0o600 });
  const recipient = await identityToRecipient(identity);
  const script = `"$0" backup create --recipient ${recipient} - > ${path('two.backup')}`;
  const made = spawn('sh', ['-c', script, installation.launcher], {
    env: { PATH: process.env['PATH'], HOME: installation.root, ...at(server.dataDirectory) },
    stdio: 'ignore',
  });
  expect(await new Promise((resolve) => made.once('exit', resolve))).toBe(0);
  const verify = ['backup', 'verify', path('two.backup')];
  const opened = await doorward([...verify, '--identity', path('key.txt')], server.dataDirectory);
  expect(opened).toMatchObject({ code: 0, stderr: '' });
  const without = await doorward(verify, server.dataDirectory);
  expect(without).toMatchObject({ code: 4, stdout: '' });
  expect(without.stderr).toMatch(
    /^doorward: This backup is encrypted to age recipients[^\n]*--identity\.\n$/,
  );
  // Nobody is asked for a passphrase that would not open it, or for a file that is not there.
  const bare = { environment: { DOORWARD_DATA_DIR: server.dataDirectory } };
  expect(await installation.doorward(verify, bare)).toMatchObject({ code: 4, stderr: without.stderr });
  const nowhere = await installation.doorward(['backup', 'verify', path('nowhere.backup')], bare);
  expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringMatching(/There is no backup file at/) });
  const unplaced = await doorward(['backup', 'create', path('no-such/one.backup')], server.dataDirectory);
  expect(unplaced).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no such directory; make it first/),
  });
});

test.runIf(HAS_PSEUDO_TERMINAL)(
  'a passphrase that is typed is asked for twice, and a slip makes nothing',
  async () => {
    const environment = { DOORWARD_DATA_DIR: server.dataDirectory, HOME: installation.root, NO_COLOR: '1' };
    const create = [installation.launcher, 'backup', 'create', path('typed.backup')];
    const typed = 'typed by hand, twice';
    const first = ['Passphrase of the backup', `${typed}\r`] as const;
    const slipped = await onPty(create, [first, ['The same again', 'typed by hand, twixe\r']], {
      environment,
    });
    expect(slipped).toMatchObject({ code: 2, output: expect.stringMatching(/The two differ/) as string });
    expect(existsSync(path('typed.backup'))).toBe(false);
    const made = await onPty(create, [first, ['The same again', `${typed}\r`]], { environment });
    expect(made).toMatchObject({ code: 0, output: expect.stringMatching(/The backup is whole/) as string });
    const verify = [installation.launcher, 'backup', 'verify', path('typed.backup')];
    const verified = await onPty(verify, [first], { environment });
    expect(verified).toMatchObject({ code: 0, output: expect.stringMatching(/verdict +whole/) as string });
    for (const { output } of [slipped, made, verified]) expect(output).not.toContain('typed by hand');
  },
);

test.each([
  ['another passphrase', 4, (file: Buffer) => file, 'not this passphrase', /another passphrase or identity/],
  ['a flipped byte', 8, (file: Buffer) => flipped(file), PASSPHRASE, /damaged or cut off/],
  ['half of it', 8, (file: Buffer) => file.subarray(0, file.length >> 1), PASSPHRASE, /damaged or cut off/],
  ['something else', 8, () => Buffer.from('hello\n'), PASSPHRASE, /no backup of Doorward/],
])('%s ends with code %i and one message', async (_, code, change, passphrase, message) => {
  writeFileSync(path('changed.backup'), change(readFileSync(path('one.backup')))); // the first test has made it
  writeFileSync(path('other'), passphrase);
  const argv = ['backup', 'verify', path('changed.backup'), '--passphrase-file', path('other')];
  const ended = await doorward(argv, server.dataDirectory);
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).toMatch(/^doorward: [^\n]+\n$/);
});

function flipped(file: Buffer): Buffer {
  const changed = Buffer.from(file);
  changed[file.length >> 1] = (changed[file.length >> 1] ?? 0) ^ 1;
  return changed;
}

test.each([
  [['backup', 'create', '/nowhere/at/all.backup'], 1, /no such directory; make it first/],
  [['backup', 'verify', '/nowhere/at/all.backup'], 2, /There is no backup file/],
  [['backup', 'create', 'x', '--recipient', 'age1x', '--passphrase-file', 'y'], 2, /either --recipient or/],
  [['backup', 'create', 'x', '--url', 'http://vault.example:7420'], 2, /unencrypted/],
  [['restore', 'accept', '--yes'], 1, /The vault is not frozen/],
])('%j is refused with what to do', async (argv, code, message) => {
  const ended = await doorward(argv, server.dataDirectory);
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).toMatch(/^doorward: [^\n]+\n$/);
});

test('a restore that is killed is recognised by the next start and begun anew by the next restore', async () => {
  const file = path('four.backup');
  // An age file opens 64 KiB at a time: there must be more than one piece of it.
  for (const name of ['large', 'larger']) {
    await server.admin('POST', '/v1/secrets', { name, value: 'x'.repeat(60_000) });
  }
  await doorward(['backup', 'create', file], server.dataDirectory);
  const dataDirectory = path('restored');
  const bytes = readFileSync(file);
  const restoring = spawn(
    process.execPath,
    [...ONE_COMMAND, installation.launcher, 'backup', 'restore', '-'],
    {
      env: { PATH: process.env['PATH'], HOME: installation.root, ...at(dataDirectory) },
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  restoring.stdin.on('error', () => undefined); // it is killed while it reads
  restoring.stdin.write(bytes.subarray(0, bytes.length - 10)); // all but the end: it waits for that
  await eventually(60_000, () => Promise.resolve(existsSync(join(dataDirectory, 'root.key')) || undefined));
  restoring.kill('SIGKILL');
  await new Promise((resolve) => restoring.once('exit', resolve));

  const refused = await installation.serveInVain({ DOORWARD_DATA_DIR: dataDirectory });
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(
    /^doorward: A restore into \S+restored was cut off\. [^\n]*backup restore[^\n]*\n$/,
  );

  const restored = await doorward(['backup', 'restore', file], dataDirectory);
  expect(restored).toMatchObject({ code: 0, stdout: '' });
  expect(restored.stderr).toMatch(
    /thrown away[\s\S]*is restored as it was at[\s\S]*doorward restore accept\n$/,
  );

  const next = await installation.serve({ dataDirectory });
  expect(next.output.stdout).toMatch(/The vault is frozen, [\s\S]* restore accept\n$/);
  expect((await doorward(['status', '--json'], dataDirectory)).stdout).toMatch(/"frozen":{"since"/);
  const unconfirmed = await doorward(['restore', 'accept'], dataDirectory);
  expect(unconfirmed).toMatchObject({ code: 2 });
  expect(unconfirmed.stderr).toMatch(/1 agent with agent keys, 1 grant[\s\S]*add --yes/);
  expect(await doorward(['restore', 'accept', '--yes'], dataDirectory)).toMatchObject({ code: 0 });
  const run = ['run', 'robot', '--sandbox', 'off', '--', 'doorward-is-not-there'];
  expect((await doorward(run, dataDirectory)).stderr).not.toMatch(/frozen/);
  expect(await doorward(['audit', 'verify'], dataDirectory)).toMatchObject({ code: 0 });
  const { body } = await next.admin('GET', '/v1/secrets/vendor');
  expect(body).toMatchObject({ name: 'vendor', currentVersion: 1 });
  expect(readFileSync(file).includes(SECRET_VALUE)).toBe(false);
  await next.stop();
}, 180_000);
