// With a passphrase nothing on the disk opens anything: neither the keys nor the owner credential.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaintsIn, createInstallation, type Installation, type Server } from './server.ts';

const PASSPHRASE = 'correct horse battery staple';

let installation: Installation;
let server: Server;
let dataDirectory: string;
let file: string;
beforeAll(async () => {
  installation = await createInstallation();
  file = write('passphrase', `${PASSPHRASE}\n`);
  dataDirectory = await installation.emptyDirectory();
  server = await installation.serve({ dataDirectory, environment: withPassphrase(file) });
});
afterAll(() => installation.remove());

function write(name: string, text: string): string {
  const path = join(installation.root, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const withPassphrase = (path: string) => ({
  DOORWARD_ROOT_KEY_PROVIDER: 'passphrase',
  DOORWARD_PASSPHRASE_FILE: path,
});

test('no root key is written, and the owner credential is sealed', () => {
  expect(existsSync(join(dataDirectory, 'root.key'))).toBe(false);
  const credential = readFileSync(join(dataDirectory, 'owner.credential'), 'utf8');
  expect(credential).not.toContain('dw_owner_');
  expect(credential).not.toContain(PASSPHRASE);
  expect(server.output.stdout).toContain('Keep a copy of the passphrase elsewhere');
  expect(complaintsIn(server.output.stderr)).toEqual([]);
});

test('the command line works with the passphrase, and says with exit code 4 what is missing without', async () => {
  const environment = { DOORWARD_DATA_DIR: dataDirectory };
  const add = ['secret', 'add', 'openai'];
  const input = 'sk-behind-a-passphrase-012345';
  const right = await installation.doorward(add, {
    environment: { ...environment, DOORWARD_PASSPHRASE_FILE: file },
    input,
  });
  expect(right).toMatchObject({ code: 0 });
  const without = await installation.doorward(['secret', 'list'], { environment });
  expect(without).toMatchObject({ code: 4, stdout: '' });
  expect(without.stderr).toMatch(/^doorward: .*sealed under the passphrase.*DOORWARD_PASSPHRASE_FILE\.\n$/);
  const wrong = await installation.doorward(['secret', 'list'], {
    environment: { ...environment, DOORWARD_PASSPHRASE: 'not this one, I fear' },
  });
  expect(wrong).toMatchObject({ code: 4, stdout: '' });
  expect(wrong.stderr).toMatch(/^doorward: The passphrase does not open the owner credential[^\n]*\n$/);
});

test('a start with another passphrase, or with none, is refused and changes nothing', async () => {
  await server.stop();
  const environment = { DOORWARD_DATA_DIR: dataDirectory };
  const wrong = await installation.serveInVain({
    ...environment,
    ...withPassphrase(write('wrong', 'not this one, I fear')),
  });
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toMatch(
    /^doorward: The passphrase .*opens none of .* slots: slt_\w+ \(passphrase\)[^\n]*\n$/,
  );
  const none = await installation.serveInVain({ ...environment, DOORWARD_ROOT_KEY_PROVIDER: 'passphrase' });
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toMatch(/^doorward: [^\n]*DOORWARD_PASSPHRASE_FILE[^\n]*\n$/);
  const byFile = await installation.serveInVain(environment);
  expect(byFile).toMatchObject({ code: 1, stdout: '' });
  expect(existsSync(join(dataDirectory, 'root.key'))).toBe(false);

  server = await installation.serve({ dataDirectory, environment: withPassphrase(file) });
  const found = await installation.doorward(['secret', 'list', '--json'], {
    environment: { ...environment, ...withPassphrase(file) },
  });
  expect(JSON.parse(found.stdout)).toMatchObject({ items: [{ name: 'openai' }] });
  await server.stop();
});

test('a new passphrase that is too short is refused before anything is made', async () => {
  const fresh = await installation.emptyDirectory();
  const ended = await installation.serveInVain({
    DOORWARD_DATA_DIR: fresh,
    ...withPassphrase(write('short', 'short')),
  });
  expect(ended).toMatchObject({ code: 1, stdout: '' });
  expect(ended.stderr).toMatch(/^doorward: A passphrase needs at least 12 characters\.\n$/);
  expect(existsSync(join(fresh, 'owner.credential'))).toBe(false);
});
