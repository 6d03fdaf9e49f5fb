// Rotation at the command line: from the server's start to the story in the audit log, in processes of its own.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HAS_PSEUDO_TERMINAL } from './needs.ts';
import type { Exited, StartOptions } from './process.ts';
import { onPty } from './pseudo-terminal.ts';
import { createCliWorld, type CliWorld } from './world.ts';

const VALUES = ['one', 'two', 'three', 'four', 'five'].map(
  (name) => `sk-cli-rotation-${name}-Q8vNk3TzW6xPm2`,
);

let world: CliWorld;
/** Everything any command has printed. */
let said = '';
beforeAll(async () => {
  world = await createCliWorld();
  await succeeds(['secret', 'add', 'vendor'], { input: `${VALUES[0] ?? ''}\n` });
  const service = ['service', 'add', 'vendor', '--base-url', world.upstreamUrl, '--auth', 'bearer'];
  await succeeds([...service, '--secret', 'vendor', '--grace-retry', 'idempotent']);
});
afterAll(async () => world?.close());

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

const states = async (): Promise<string[]> => {
  const { items } = await world.admin('GET', '/v1/secrets/vendor/versions');
  return (items as { number: number; state: string }[]).map(
    ({ number, state }) => `${String(number)} ${state}`,
  );
};
const sentLast = () => world.arrived.at(-1)?.authorization;

test('a dry run says what would happen, asks for no value and changes nothing', async () => {
  const argv = ['secret', 'rotate', 'vendor', '--dry-run', '--probe', 'GET /v1/models'];
  const { stdout, stderr } = await succeeds(argv);
  expect(stdout).toContain('GET /v1/models at vendor');
  expect(stderr).toContain('Nothing was changed.');
  expect(await states()).toEqual(['1 current']);
});

test('a value from stdin is probed and made current, and the command says what became of the one before', async () => {
  const argv = ['secret', 'rotate', 'vendor', '--probe', 'GET /v1/models', '--grace', '30m'];
  const { stderr } = await succeeds(argv, { input: `${VALUES[1] ?? ''}\n` });
  expect(stderr).toContain('GET /v1/models at vendor answered 200.');
  expect(stderr).toMatch(/Version 2 of vendor is current\. Until .* version 1; then it is revoked\./);
  expect(sentLast()).toBe(`Bearer ${VALUES[1] ?? ''}`);
  expect(await states()).toEqual(['2 current', '1 previous']);
});

test('a grace period that is too long is refused by the name of its flag', async () => {
  const long = await doorward(['secret', 'rotate', 'vendor', '--grace', '91d']);
  expect(long).toMatchObject({ code: 2, stdout: '', stderr: 'doorward: --grace is at most 90d.\n' });
});

test('a rotation that ends another one asks first, and not at all where nobody is there', async () => {
  const refused = await doorward(['secret', 'rotate', 'vendor'], { input: `${VALUES[2] ?? ''}\n` });
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toMatch(/Version 1 of vendor is in its grace period.*--yes/);
  expect(await states()).toEqual(['2 current', '1 previous']);
});

test('a rollback makes the version before current again', async () => {
  const asked = await doorward(['secret', 'rotate', 'vendor', '--rollback']);
  expect(asked).toMatchObject({ code: 2 });
  expect(asked.stderr).toContain('Make version 1 of vendor current again, and disable version 2?');
  const { stderr } = await succeeds(['secret', 'rotate', 'vendor', '--rollback', '--yes']);
  expect(stderr).toContain('Version 1 of vendor is current again; version 2 is disabled, its value kept.');
  expect(await states()).toEqual(['2 disabled', '1 current']);
  const again = await doorward(['secret', 'rotate', 'vendor', '--rollback', '--yes']);
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toContain('no version to go back to');
});

test('a value that the upstream does not take ends with 7 and the status, and can be tried again', async () => {
  const path = join(world.root, 'new-key');
  writeFileSync(path, `${VALUES[2] ?? ''}\n`);
  const argv = ['secret', 'rotate', 'vendor', '--from-file', path, '--probe', 'GET /teapot', '--json'];
  const failed = await doorward(argv);
  expect(failed).toMatchObject({ code: 7, stdout: '' });
  expect(failed.stderr).toMatch(/upstream answered 418.*version 3, disabled; version 1 stays current/);
  expect(await states()).toEqual(['3 disabled', '2 disabled', '1 current']);

  const retry = ['secret', 'rotate', 'vendor', '--version', '3', '--probe', 'GET /ok', '--json'];
  const { stdout } = await succeeds(retry);
  expect(JSON.parse(stdout)).toMatchObject({ toVersion: 3, step: 'promoted', probe: { status: 200 } });
  expect(sentLast()).toBe(`Bearer ${VALUES[2] ?? ''}`);
});

test('without a grace period the version before is revoked at once, which is asked first', async () => {
  const argv = ['secret', 'rotate', 'vendor', '--grace', '0'];
  expect((await doorward(argv, { input: `${VALUES[3] ?? ''}\n` })).code).toBe(2);
  const { stderr } = await succeeds([...argv, '--yes'], { input: `${VALUES[3] ?? ''}\n` });
  expect(stderr).toContain(
    'Version 4 of vendor is current. Version 3 is revoked: delete that key at the vendor.',
  );
  expect(await states()).toEqual(['4 current', '3 revoked', '2 disabled', '1 revoked']);
});

test('a secret is disabled and enabled', async () => {
  await succeeds(['secret', 'disable', 'vendor', '--yes']);
  expect((await succeeds(['secret', 'show', 'vendor'])).stdout).toMatch(/version\s+-/);
  const unsaid = await doorward(['secret', 'enable', 'vendor']);
  expect(unsaid).toMatchObject({ code: 1 });
  expect(unsaid.stderr).toMatch(/disabled \(4, 2\).*--version/s);
  await succeeds(['secret', 'enable', 'vendor', '--version', '4']);
  expect((await states())[0]).toBe('4 current');
});

test('due lists what is old', async () => {
  expect((await succeeds(['secret', 'due'])).stderr).toContain('No secret is older than 90d');
  const { stdout } = await succeeds(['secret', 'due', '--older-than', '0', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    items: [{ name: 'vendor', currentVersion: 4, rotation: null }],
  });
  expect((await doorward(['secret', 'due', '--older-than', 'long'])).code).toBe(2);
});

test('the audit log tells each story', async () => {
  const { stdout } = await succeeds(['audit', 'list', '--kind', 'rotation', '--plain']);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t').slice(1, 4).join(' '));
  expect(lines.slice(0, 5)).toEqual([
    'rotation.start owner vendor 1→2: stored',
    'rotation.probe system vendor 1→2: vendor GET /v1/models',
    'rotation.probed system vendor 1→2: 200 to vendor GET /v1/models',
    expect.stringMatching(/^rotation\.promote owner vendor 1→2: current, grace until /),
    'rotation.rollback owner vendor 1→2: taken back',
  ]);
  expect(lines).toContain('rotation.fail owner vendor 1→3: the upstream answered 418');
});

test.runIf(HAS_PSEUDO_TERMINAL)(
  'at a terminal the value is asked for hidden, and it says how far it is',
  async () => {
    const command = [world.launcher, 'secret', 'rotate', 'vendor', '--probe', 'GET /v1/models'];
    const { environment } = world;
    const typed = VALUES[4] ?? '';
    const { output, code } = await onPty(command, [['Value of vendor', `${typed}\r`]], { environment });
    said += output;
    expect(code).toBe(0);
    expect(output).toMatch(
      /Storing the new value of vendor[^]*answered 200[^]*Version 5 of vendor is current/,
    );
    expect(output).toContain('next: doorward secret rotate vendor --rollback');

    const back = [world.launcher, 'secret', 'rotate', 'vendor', '--rollback'];
    expect((await onPty(back, [['[y/N]', 'n\r']], { environment })).code).toBe(1);
    expect((await states())[0]).toBe('5 current');
    expect((await onPty(back, [['[y/N]', 'y\r']], { environment })).code).toBe(0);
    expect((await states()).slice(0, 2)).toEqual(['5 disabled', '4 current']);
  },
);

test('a value in the arguments is refused without repeating it', async () => {
  for (const argv of [['--value', 'sk-typed-in-the-open'], ['sk-typed-in-the-open']]) {
    const refused = await doorward(['secret', 'rotate', 'vendor', ...argv]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('doorward secret rotate NAME < FILE');
    expect(refused.stderr).not.toContain('sk-typed');
  }
});

test('one version is destroyed where its secret is named once more, and the current one never', async () => {
  await succeeds(['secret', 'add', 'spare'], { input: 'sk-cli-spare-one-Vt4Hm9RzC2kQ\n' });
  const rotate = ['secret', 'rotate', 'spare', '--grace', '0'];
  await succeeds([...rotate, '--yes'], { input: 'sk-cli-spare-two-Bn7Wq1XyL5pD\n' });
  const destroy = (...more: string[]) => doorward(['secret', 'destroy', 'spare', ...more]);
  const unconfirmed = await destroy('--version', '1', '--yes');
  expect(unconfirmed.code).not.toBe(0);
  expect(unconfirmed.stderr).toContain('--confirm spare');
  const current = await destroy('--version', '2', '--confirm', 'spare');
  expect(current.code).not.toBe(0);
  expect(current.stderr).toContain('doorward secret rotate spare');
  const wrong = await destroy('--version', 'first', '--confirm', 'spare');
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('number of a version') });

  const { stderr } = await destroy('--version', '1', '--confirm', 'spare');
  expect(stderr).toContain('Version 1 of spare is destroyed.');
  const { stdout } = await succeeds(['secret', 'versions', 'spare', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    items: [
      { number: 2, state: 'current' },
      { number: 1, state: 'destroyed' },
    ],
  });
  const told = await succeeds(['audit', 'list', '--kind', 'version.destroy', '--plain']);
  expect(told.stdout).toContain('spare');
});

test('no command has printed a value', () => {
  for (const value of VALUES) expect(said).not.toContain(value);
});
