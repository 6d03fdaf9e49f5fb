// What doctor's checks say of what they are given: by tables, without an installation.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AREAS } from '../../../src/cli/doctor/check.ts';
import { isLocal } from '../../../src/cli/doctor/database-tls.ts';
import { judgeCertificates } from '../../../src/cli/doctor/egress-certificates.ts';
import { judgeRanges } from '../../../src/cli/doctor/egress-ranges.ts';
import { judgeListening } from '../../../src/cli/doctor/listening.ts';
import { judgeOptions } from '../../../src/cli/doctor/node-options.ts';
import { judgeNode } from '../../../src/cli/doctor/node-version.ts';
import type { ServerTold } from '../../../src/cli/doctor/server-view.ts';
import { judgeServer } from '../../../src/cli/doctor/server.ts';
import { readVersion } from '../../../src/cli/version.ts';
import { CHECKS } from '../../../src/cli/doctor/registry.ts';
import { redactUrl } from '../../../src/core/redact-url.ts';

test('every check is in the registry, once, by the name of its file', async () => {
  const folder = new URL('../../../src/cli/doctor/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file !== 'registry.ts');
  const modules = await Promise.all(
    files.map(
      async (file) => [file, (await import(/* @vite-ignore */ `${folder.href}${file}`)) as object] as const,
    ),
  );
  const written = modules.flatMap(([file, module]) =>
    Object.values(module).some((value) => isCheck(value)) ? [file.replace('.ts', '')] : [],
  );
  expect(written.length).toBeGreaterThan(15);
  expect(CHECKS.map(({ name }) => name).toSorted()).toEqual(written.toSorted());
  for (const { area } of CHECKS) expect(AREAS).toContain(area);
});

function isCheck(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'run' in value && 'area' in value;
}

describe('Node', () => {
  test.each([
    ['20.19.0', '2026-04-30', 'warn', /only until 2026-04-30/],
    ['20.19.0', '2026-05-01', 'warn', /no security fixes since 2026-04-30/],
    ['22.1.0', '2026-11-22', 'pass', /until 2027-04-30/],
    ['24.0.0', '2028-02-01', 'pass', /until 2028-04-30/],
    ['24.0.0', '2028-03-15', 'warn', /only until/],
    ['26.3.0', '2029-05-02', 'warn', /no security fixes/],
    ['31.0.0', '2026-11-22', 'pass', /^Node 31\.0\.0$/],
  ])('%s on %s: %s', (version, day, level, summary) => {
    expect(judgeNode(version, new Date(`${day}T12:00:00Z`))).toMatchObject({
      level,
      summary: expect.stringMatching(summary),
    });
  });

  test.each([
    ['--inspect=0.0.0.0:9229', 'fail'],
    ['--max-old-space-size=512 --inspect-brk', 'fail'],
    ['--tls-keylog=/tmp/keys', 'fail'],
    ['--heapsnapshot-signal=SIGUSR2', 'warn'],
    ['--report-on-fatalerror', 'warn'],
    ['--require ./other.js', 'warn'],
    ['--import=./other.js', 'warn'],
    ['--max-old-space-size=512', 'pass'],
    ['', 'pass'],
  ])('with NODE_OPTIONS=%s', (options, level) => {
    expect(judgeOptions({ NODE_OPTIONS: options }, [])).toMatchObject([{ level }]);
    expect(judgeOptions({}, options.split(' '))).toMatchObject([{ level }]);
  });

  test('that checks no certificates', () => {
    expect(judgeOptions({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, [])).toMatchObject([{ level: 'fail' }]);
    expect(judgeOptions({ NODE_TLS_REJECT_UNAUTHORIZED: '1' }, [])).toMatchObject([{ level: 'pass' }]);
  });
});

describe('ranges of upstreams', () => {
  test.each([
    [[], 'pass', /No private range/],
    [
      ['10.1.0.0/16'],
      'warn',
      /10\.1\.0\.0\/16 allows upstreams among addresses that are not on the internet/,
    ],
    [['0.0.0.0/0'], 'warn', /every private network/],
    [['::/0'], 'warn', /every private network/],
    [['127.0.0.0/8'], 'warn', /loopback/],
    [['::1/128'], 'warn', /loopback/],
    [['169.254.0.0/16'], 'warn', /link-local/],
  ])('%j', (cidrs, level, summary) => {
    expect(judgeRanges(cidrs)).toMatchObject([{ level, summary: expect.stringMatching(summary) }]);
  });
});

describe('further CA certificates', () => {
  const make = (...options: string[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'doorward-ca-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'ca.pem')];
    const fixed = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', key, '-out', certificate];
    execFileSync('openssl', [...fixed, '-subj', '/CN=Our CA', '-days', '30', ...options], {
      stdio: 'ignore',
    });
    const text = readFileSync(certificate, 'utf8');
    rmSync(folder, { recursive: true });
    return text;
  };
  const authority = make('-addext', 'basicConstraints=critical,CA:TRUE');
  const now = new Date();

  test('are counted', () => {
    expect(judgeCertificates(`${authority}${authority}`, now)).toMatchObject([
      { level: 'pass', summary: expect.stringMatching(/^2 further/) },
    ]);
  });

  test.each([
    ['that are none', 'hunter2', 'fail', /no certificate/],
    [
      'that can not be read',
      authority.replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA'),
      'fail',
      /can not be read/,
    ],
    ['of no authority', make('-addext', 'basicConstraints=critical,CA:FALSE'), 'warn', /Our CA is not/],
  ])('%s are found', (_what, text, level, summary) => {
    const findings = judgeCertificates(text, now);
    expect(findings).toMatchObject([{ level, summary: expect.stringMatching(summary) }]);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  test('that have ended are found', () => {
    const later = new Date(now.getTime() + 31 * 86_400_000);
    expect(judgeCertificates(authority, later)).toMatchObject([{ level: 'fail' }]);
  });
});

describe('a server that answers', () => {
  const view = { state: 'answers', isReady: true, checks: { database: 'ok' }, clockDifferenceMs: 0 } as const;
  const untold = { told: undefined, whyNotTold: 'nobody asked' };
  const status: ServerTold['status'] = {
    version: readVersion(),
    url: '',
    installation: '',
    replica: '',
    startedAt: '',
    database: { kind: 'embedded', version: '' },
    rootKeyProvider: 'file',
    frozen: null,
    counts: { secrets: 0, services: 0, agents: 0, grants: 0, runs: 0 },
    exposure: [],
  };
  const told = (changes: Partial<ServerTold['status']> = {}) => ({
    told: { status: { ...status, ...changes }, services: [], guessable: [] },
    whyNotTold: undefined,
  });

  test.each([
    ['is well', { ...view, ...told() }, []],
    ['is not asked', { ...view, ...untold }, []],
    ['is not ready', { ...view, ...untold, isReady: false, checks: { clock: '9000 ms away' } }, ['fail']],
    ['is starting', { ...view, ...untold, isReady: false, checks: { start: 'under way' } }, ['fail']],
    ['says nothing', { ...view, ...untold, isReady: false, checks: {} }, ['fail']],
    ['has another time', { ...view, ...untold, clockDifferenceMs: -9000 }, ['warn']],
    ['is another version', { ...view, ...told({ version: '0.0.1' }) }, ['warn']],
    ['is frozen', { ...view, ...told({ frozen: { since: '2030-01-01', reason: 'restored' } }) }, ['warn']],
  ])('%s', (_what, found, levels) => {
    const notPassed = judgeServer(found).filter(({ level }) => level !== 'pass');
    expect(notPassed.map(({ level }) => level)).toEqual(levels);
  });
});

describe('the address agents are told', () => {
  test.each([
    ['127.0.0.1', undefined, 'pass'],
    ['0.0.0.0', undefined, 'warn'],
    ['0.0.0.0', 'http://doorward.internal:7420', 'warn'],
    ['0.0.0.0', 'http://127.0.0.1:7420', 'pass'],
    ['127.0.0.1', 'https://doorward.example', 'pass'],
  ])('listening on %s as %s', (host, publicUrl, level) => {
    expect(judgeListening({ listen: { host, port: 7420 }, publicUrl })).toMatchObject({ level });
  });
});

describe('addresses', () => {
  test.each([
    ['postgres://ada:p@localhost/x', true],
    ['postgres://ada:p@127.0.0.2:5432/x', true],
    ['postgres://[::1]/x', true],
    ['postgres:///x?host=/run/postgresql', true],
    ['postgres://ada:p@localhost,db.internal/x', false],
    ['postgres://ada@db.internal/x', false],
    ['postgres://localhost@db.internal/x', false],
  ])('%s is on this host: %s', (url, expected) => {
    expect(isLocal(url)).toBe(expected);
  });

  test.each([
    ['postgres://ada:hun:ter2@db:5432/x?password=hunter2', 'postgres://ada@db:5432/x'],
    ['postgresql://ada:hun/t@er2@db/x#hunter2', 'postgresql://ada@db/x'],
    ['postgres://one,two:5433/x', 'postgres://one,two:5433/x'],
    ['https://hunter2@broker/x', 'https://broker/x'],
    ['HTTPS://hunter2:x@broker/x', 'HTTPS://broker/x'],
    ['hunter2', 'the given address'],
    ['', 'the given address'],
  ])('%s is shown as %s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });
});
