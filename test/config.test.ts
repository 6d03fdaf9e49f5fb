// The environment as configuration: defaults, files beside variables, and what is refused with which word.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseClientConfig, parseServerConfig, unknownVariables } from '../src/config.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'doorward-config-'));
});
afterAll(() => rmSync(root, { recursive: true }));

test('without any variable it runs on loopback and on files in the XDG place', () => {
  const config = parseServerConfig({ HOME: '/home/ada' });
  expect(config).toMatchObject({
    dataDirectory: '/home/ada/.local/share/doorward',
    rootKeyFile: '/home/ada/.local/share/doorward/root.key',
    ownerCredentialFile: '/home/ada/.local/share/doorward/owner.credential',
    listen: { host: '127.0.0.1', port: 7420 },
    rootKeyProvider: 'file',
    egressAllowCidrs: [],
    tokenSeconds: 600,
    drainSeconds: 30,
  });
  expect(config.databaseUrl).toBeUndefined();
  expect(parseClientConfig({ HOME: '/home/ada', XDG_DATA_HOME: '/data' }).dataDirectory).toBe(
    '/data/doorward',
  );
});

test('a value may come from a file, without its last line end; the variable itself stands above it', () => {
  const path = join(root, 'passphrase');
  writeFileSync(path, 'from the file\n');
  const both = { DOORWARD_PASSPHRASE_FILE: path };
  expect(parseClientConfig(both).passphrase).toBe('from the file');
  expect(parseClientConfig({ ...both, DOORWARD_PASSPHRASE: 'direct' }).passphrase).toBe('direct');
});

test.each([
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['[::1]:7420', { host: '::1', port: 7420 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
])('DOORWARD_LISTEN=%s', (text, listen) => {
  expect(parseServerConfig({ DOORWARD_LISTEN: text }).listen).toEqual(listen);
});

test.each([
  'postgres://doorward@db/doorward',
  'postgresql://doorward:p%40ss,word@db:5432/doorward?sslmode=require',
  'postgres://doorward:pass@one:5432,two:5433/doorward',
  'postgres://one,two',
  'postgres:///doorward?host=/run/postgresql',
])('DATABASE_URL=%s is a Postgres URL', (url) => {
  expect(parseServerConfig({ DATABASE_URL: url }).databaseUrl).toBe(url);
});

describe('is refused by name, and the value is not repeated:', () => {
  test.each([
    ['DOORWARD_LISTEN', 'hunter2'],
    ['DOORWARD_LISTEN', ':7420'],
    ['DOORWARD_LISTEN', '::1:7420'],
    ['DOORWARD_LISTEN', '127.0.0.1:65536'],
    ['DOORWARD_PUBLIC_URL', 'hunter2.example'],
    ['DOORWARD_PUBLIC_URL', 'ftp://hunter2.example'],
    ['DATABASE_URL', 'hunter2'],
    ['DATABASE_URL', 'mysql://doorward:hunter2@db/doorward'],
    ['DATABASE_URL', 'postgres://doorward:hunter2%@db/doorward'],
    ['DOORWARD_MIGRATION_DATABASE_URL', 'hunter2'],
    ['DOORWARD_LISTEN_DATABASE_URL', 'hunter2'],
    ['DOORWARD_ROOT_KEY_PROVIDER', 'hunter2'],
    ['DOORWARD_EGRESS_ALLOW_CIDRS', '10.0.0.0/33'],
    ['DOORWARD_EGRESS_ALLOW_CIDRS', 'hunter2'],
    ['DOORWARD_TOKEN_SECONDS', '0'],
    ['DOORWARD_TOKEN_SECONDS', '901'],
    ['DOORWARD_TOKEN_SECONDS', '1.5'],
    ['DOORWARD_TOKEN_SECONDS', 'hunter2'],
    ['DOORWARD_DRAIN_SECONDS', '-1'],
    ['DOORWARD_VALUE_CACHE_SECONDS', '3601'],
    ['DOORWARD_LOG_LEVEL', 'hunter2'],
    ['DOORWARD_EGRESS_CA_FILE', '/nowhere/ca.pem'],
    ['DOORWARD_PASSPHRASE_FILE', '/nowhere/passphrase'],
  ])('%s=%s', (name, value) => {
    const parse = () => parseServerConfig({ [name]: value });
    expect(parse).toThrow(name);
    expect(parse).not.toThrow('hunter2');
  });
});

test('a name under our prefix that nothing reads is found; links of Kubernetes are not ours', () => {
  const environment = {
    DOORWARD_LISTEM: '',
    DOORWARD_LISTEN: '',
    DOORWARD_PASSPHRASE_FILE: '',
    DOORWARD_PORT: 'tcp://10.0.0.1:7420',
    DOORWARD_PORT_7420_TCP_PROTO: 'tcp',
    DOORWARD_SERVICE_HOST: '10.0.0.1',
    DOORWARD_SERVICE_PORT_HTTP: '7420',
    UNRELATED: '',
  };
  expect(unknownVariables(environment)).toEqual(['DOORWARD_LISTEM']);
});
