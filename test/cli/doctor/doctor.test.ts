// `doorward doctor` on installations that are well and on ones that are not: never started, running, stopped, misconfigured.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInstallation, type Installation, type Server } from '../../e2e/server.ts';
import { startUpstream, type Upstream } from '../../support/upstream.ts';
import { cli } from '../stand-in.ts';
import { diagnose, levelOf, MARK } from './diagnose.ts';

const MODES = 0o777;

describe('where no server was ever started', () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'doorward-doctor-')));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('it finds nothing wrong, and leaves nothing behind', async () => {
    const { code, report, text } = await diagnose({ DOORWARD_DATA_DIR: join(root, 'data') });
    expect(code).toBe(0);
    expect(report.findings.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(text).toMatch(/not there yet; the first start makes it/);
    expect(readdirSync(root)).toEqual([]);
  });

  test('a data directory that can not be made fails', async () => {
    writeFileSync(join(root, 'file'), '');
    const { code, report } = await diagnose({ DOORWARD_DATA_DIR: join(root, 'file', 'data') });
    expect(code).toBe(8);
    expect(levelOf(report, 'data-directory')).toBe('fail');
  });

  test('all that is wrong with the configuration is told at once, and nothing of it is repeated', async () => {
    const { code, report, text } = await diagnose({
      DOORWARD_DATA_DIR: root,
      DOORWARD_LISTEN: MARK,
      DOORWARD_LOG_LEVEL: MARK,
      DOORWARD_PASSPHRASE: MARK,
      DOORWARD_LISTEM: MARK,
      DATABASE_URL: `postgres://ada:${MARK}@db/x?password=${MARK}`,
      DATABASE_URL_FILE: '/nowhere',
      DOORWARD_URL: `https://${MARK}@broker.example`,
    });
    expect(code).toBe(8);
    const failed = report.findings.filter(({ level }) => level === 'fail').map(({ summary }) => summary);
    expect(failed).toEqual([
      'DATABASE_URL and DATABASE_URL_FILE are both set: unset one of them.',
      expect.stringMatching(/^DOORWARD_LISTEN is not valid/),
      expect.stringMatching(/^DOORWARD_LOG_LEVEL is not valid/),
    ]);
    expect(levelOf(report, 'environment-names')).toBe('warn');
    expect(levelOf(report, 'secret-settings')).toBe('warn');
    expect(text).not.toContain(MARK);
  });

  test("a name nothing reads warns, Kubernetes' own do not; a warning counts with --strict", async () => {
    const environment = { DOORWARD_DATA_DIR: join(root, 'data'), DOORWARD_PORT: 'tcp://10.0.0.1:7420' };
    const named = (found: Awaited<ReturnType<typeof diagnose>>) =>
      found.report.findings.filter(({ check }) => check === 'environment-names');
    expect(named(await diagnose(environment))).toEqual([]);
    const misspelt = { ...environment, DOORWARD_DRAIN_SECOND: '3' };
    expect(named(await diagnose(misspelt))).toMatchObject([
      {
        level: 'warn',
        summary: expect.stringMatching(/^DOORWARD_DRAIN_SECOND is set/),
        fix: expect.any(String),
      },
    ]);
    expect((await cli(['doctor'], { environment: misspelt })).code).toBe(0);
    expect((await cli(['doctor', '--strict'], { environment: misspelt })).code).toBe(8);
  });

  test('a flag stands above a variable and its file', async () => {
    const { report } = await diagnose({ DOORWARD_DATA_DIR_FILE: '/nowhere' }, [
      '--data-dir',
      join(root, 'flag'),
    ]);
    expect(levelOf(report, 'settings')).toBe('pass');
    expect(report.findings.find(({ check }) => check === 'data-directory')?.summary).toContain(
      join(root, 'flag'),
    );
  });

  test.each([
    ['a directory others can enter', 0o755, 'data-directory'],
    ['a directory the group can write', 0o770, 'data-directory'],
  ])('%s fails with the command that helps', async (_what, mode, check) => {
    const data = join(root, 'data');
    mkdirSync(data);
    chmodSync(data, mode);
    const { code, report } = await diagnose({ DOORWARD_DATA_DIR: data });
    expect(code).toBe(8);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ check, level: 'fail', fix: `chmod 700 ${data}` }),
    );
    expect(statSync(data).mode & MODES).toBe(mode);
  });

  test('links, open files and short keys fail, each by its name', async () => {
    const data = join(root, 'data');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(data, 'root.key'), MARK, { mode: 0o644 });
    symlinkSync('/etc/hostname', join(data, 'owner.credential'));
    writeFileSync(join(data, 'admin.sock'), '', { mode: 0o600 });
    const { code, report, text } = await diagnose({ DOORWARD_DATA_DIR: data });
    expect(code).toBe(8);
    const failed = report.findings.filter(
      ({ check, level }) => check === 'private-files' && level === 'fail',
    );
    expect(failed.map(({ summary, fix }) => `${summary}: ${fix ?? ''}`).join('\n')).toMatch(
      /root\.key.*0644.*chmod 600[^]*root\.key holds \d+ bytes and not 32[^]*owner\.credential is not a file of its own[^]*admin\.sock is not a socket/,
    );
    expect(text).not.toContain(MARK);
  });

  test('a first start that was cut off has lost no key', async () => {
    const data = join(root, 'data');
    mkdirSync(join(data, 'db'), { recursive: true, mode: 0o700 });
    const missing = async () =>
      (await diagnose({ DOORWARD_DATA_DIR: data })).report.findings.filter(({ summary }) =>
        summary.includes('root.key is missing'),
      );
    expect(await missing()).toMatchObject([{ level: 'fail' }]);
    writeFileSync(join(data, 'db.unfinished'), '', { mode: 0o600 });
    expect(await missing()).toEqual([]);
  });

  test('a secret file that others can read warns', async () => {
    const open = join(root, 'passphrase');
    writeFileSync(open, MARK, { mode: 0o644 });
    const { report, text } = await diagnose({
      DOORWARD_DATA_DIR: join(root, 'data'),
      DOORWARD_PASSPHRASE_FILE: open,
    });
    expect(report.findings).toContainEqual(
      expect.objectContaining({ check: 'secret-settings', level: 'warn', fix: `chmod 600 ${open}` }),
    );
    expect(text).not.toContain(MARK);
  });

  test('people get a list by area, with colours only where they see them', async () => {
    const environment = { DOORWARD_DATA_DIR: join(root, 'data'), DOORWARD_LISTEM: '1', TERM: 'xterm' };
    const { stdout } = await cli(['doctor'], { environment, columns: 100 });
    expect(stdout).toContain('Configuration\u001b[22m\n  \u001b[32m✓');
    expect(stdout).toContain('\u001b[33m!\u001b[39m DOORWARD_LISTEM is set, and nothing reads it\n    ');
    expect(stdout).toMatch(/→ Correct the name/);
    expect(stdout).toMatch(/\d+ passed, \d+ warned, 0 failed\n$/);
    const plain = await cli(['doctor'], { environment });
    expect(plain.stdout).not.toContain('\u001b');
    for (const line of plain.stdout.trimEnd().split('\n')) expect(line.split('\t')).toHaveLength(5);
  });
});

describe('an installation on the embedded database', () => {
  let installation: Installation;
  let upstream: Upstream;
  let server: Server;
  const environment = () => ({
    DOORWARD_DATA_DIR: server.dataDirectory,
    DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
  });
  beforeAll(async () => {
    [installation, upstream] = await Promise.all([createInstallation(), startUpstream()]);
    // On a disk, and not in memory: that is looked at too.
    server = await installation.serve({ dataDirectory: join(installation.root, 'data') });
    await server.setUp(upstream.url);
  });
  afterAll(async () => {
    await installation?.remove();
    await upstream?.close();
  });

  test('is found well while its server runs, which tells what it alone knows', async () => {
    const { code, report, text } = await diagnose(environment());
    expect(code).toBe(0);
    expect(report.findings.filter(({ level }) => level === 'fail')).toEqual([]);
    for (const check of ['data-directory', 'server', 'root-key', 'upstreams'])
      expect(levelOf(report, check)).toBe('pass');
    expect(text).toMatch(/ready for calls/);
    expect(text).toMatch(/The server has opened its keys/);
    expect(text).toMatch(/vendor: http:\/\/127\.0\.0\.1:\d+ has addresses that calls may go to/);
  });

  test('is asked nothing that is recorded as a change', async () => {
    const changes = async () =>
      ((await server.admin('GET', '/v1/audit/events?limit=500')).body['items'] as { kind: string }[]).filter(
        ({ kind }) => !kind.startsWith('token.'),
      ).length;
    const before = await changes();
    await diagnose(environment(), ['--online']);
    expect(await changes()).toBe(before);
  });

  test('upstreams are connected to only with --online, and a dead one fails', async () => {
    const connections = () => upstream.seen.length;
    const before = connections();
    const online = await diagnose(environment(), ['--online']);
    expect(online.text).toMatch(/vendor: \S+ answers/);
    expect(connections()).toBe(before);
    const gone = await startUpstream();
    await server.admin('POST', '/v1/secrets', { name: 'gone', value: 'a value that goes nowhere' });
    await server.admin('POST', '/v1/services', {
      name: 'gone',
      baseUrl: gone.url,
      auth: { kind: 'bearer' },
      secret: 'gone',
    });
    await gone.close();
    expect((await diagnose(environment())).code).toBe(0);
    const { code, report } = await diagnose(environment(), ['--online']);
    expect(code).toBe(8);
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        check: 'upstreams',
        level: 'fail',
        summary: expect.stringMatching(/^gone: /),
      }),
    );
    await server.admin('DELETE', '/v1/services/gone');
  });

  test('an upstream outside the ranges of this configuration fails', async () => {
    const { code, report } = await diagnose({ DOORWARD_DATA_DIR: server.dataDirectory });
    expect(code).toBe(8);
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        check: 'upstreams',
        level: 'fail',
        summary: expect.stringMatching(/ALLOW_CIDRS/),
      }),
    );
  });

  test('without the owner credential the rest is still checked', async () => {
    const path = join(server.dataDirectory, 'owner.credential');
    renameSync(path, `${path}.away`);
    const { code, report, text } = await diagnose(environment());
    renameSync(`${path}.away`, path);
    expect(code).toBe(0);
    expect(text).toMatch(/What only the owner is told was not asked/);
    expect(levelOf(report, 'root-key')).toBe('pass');
  });

  test('killed, it is found stopped, with the socket it left; a missing root key and head file are noticed', async () => {
    await server.kill();
    const stopped = await diagnose(environment());
    expect(stopped.code).toBe(0);
    expect(stopped.text).toMatch(/No server runs; one was killed/);
    expect(stopped.text).toMatch(/only known by starting the server/);
    for (const name of ['root.key', 'audit-heads.json']) rmSync(join(server.dataDirectory, name));
    const { code, report } = await diagnose(environment());
    expect(code).toBe(8);
    const found = report.findings.filter(({ check }) => check === 'private-files');
    expect(found).toContainEqual(
      expect.objectContaining({
        level: 'fail',
        summary: expect.stringMatching(/root\.key is missing, and the database holds data/),
      }),
    );
    expect(found).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        summary: expect.stringMatching(/audit-heads\.json is missing/),
      }),
    );
  });
});
