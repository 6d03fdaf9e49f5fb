// The environment as configuration: defaults, files beside variables, and what is refused with which word.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  configurationTrouble,
  describeSettings,
  describeVariables,
  parseClientConfig,
  parseServerConfig,
  secretFileVariables,
  unknownVariables,
} from '../src/config.ts';

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

describe('a value may come from a file', () => {
  const write = (text: string) => {
    const path = join(root, 'value');
    writeFileSync(path, text);
    return path;
  };

  test('without its last line end', () => {
    const environment = { DOORWARD_PASSPHRASE_FILE: write('from the file\n') };
    expect(parseClientConfig(environment).passphrase).toBe('from the file');
    expect(parseClientConfig({ ...environment, DOORWARD_PASSPHRASE: '' }).passphrase).toBe('from the file');
  });

  test('for every variable that does not name a file itself', () => {
    const names = describeVariables().flatMap(({ name }) => (name.endsWith('_FILE') ? [] : [name]));
    expect(names.length).toBeGreaterThan(14);
    for (const name of names) {
      const text = VALUES[name] ?? 'text';
      const environment = { HOME: '/home/ada', [`${name}_FILE`]: write(`${text}\n`) };
      expect(parseServerConfig(environment)).toEqual(parseServerConfig({ HOME: '/home/ada', [name]: text }));
      expect(describeSettings(environment)).toContainEqual(expect.objectContaining({ name, source: 'file' }));
      expect(unknownVariables(environment)).toEqual([]);
    }
  });

  test('but not from both, and not from an empty file, which would leave the default in force', () => {
    const path = write('hunter2');
    const parse = (environment: Record<string, string>) => () => parseServerConfig(environment);
    expect(parse({ DOORWARD_PASSPHRASE: 'hunter2', DOORWARD_PASSPHRASE_FILE: path })).toThrow(
      'DOORWARD_PASSPHRASE and DOORWARD_PASSPHRASE_FILE are both set: unset one of them.',
    );
    write('\n');
    expect(parse({ DATABASE_URL_FILE: path })).toThrow(`DATABASE_URL_FILE names an empty file: ${path}`);
  });
});

/** A value of each variable that does not take just any text, other than its default. */
const VALUES: Readonly<Record<string, string>> = {
  DOORWARD_LISTEN: '127.0.0.2:7421',
  DOORWARD_CALL_DOMAIN: 'calls.example.test',
  DOORWARD_METRICS_LISTEN: '127.0.0.1:9464',
  DOORWARD_PUBLIC_URL: 'https://doorward.example',
  DATABASE_URL: 'postgres://one/doorward',
  DOORWARD_MIGRATION_DATABASE_URL: 'postgres://two/doorward',
  DOORWARD_LISTEN_DATABASE_URL: 'postgres://three/doorward',
  DOORWARD_ROOT_KEY_PROVIDER: 'passphrase',
  DOORWARD_EGRESS_ALLOW_CIDRS: '10.0.0.0/8',
  DOORWARD_EGRESS_PROXY: 'http://proxy.example:3128',
  DOORWARD_EGRESS_PROXY_EXCEPT: '10.1.0.0/16',
  DOORWARD_MAX_CONNECTIONS: '100',
  DOORWARD_HEADERS_SECONDS: '63',
  DOORWARD_BODY_IDLE_SECONDS: '64',
  DOORWARD_TOKEN_SECONDS: '60',
  DOORWARD_VALUE_CACHE_SECONDS: '61',
  DOORWARD_DRAIN_SECONDS: '62',
  DOORWARD_LOG_LEVEL: 'warn',
};

test('a proxy is a host and a port, and nothing that has to be kept secret', () => {
  const proxyOf = (url: string) => parseServerConfig({ HOME: '/h', DOORWARD_EGRESS_PROXY: url }).egressProxy;
  expect(proxyOf('http://Proxy.Example:3128/')).toEqual({
    host: 'proxy.example',
    port: 3128,
    exceptCidrs: [],
  });
  expect(proxyOf('http://[fd00::1]:3128')).toMatchObject({ host: 'fd00::1', port: 3128 });
  for (const url of [
    'proxy:3128',
    'https://proxy:1',
    'http://ada:hunter2@proxy:1',
    'http://proxy',
    'http://proxy:1/x',
    'http://proxy:70000',
  ]) {
    expect(() => proxyOf(url)).toThrow(/^DOORWARD_EGRESS_PROXY/);
    expect(() => proxyOf(url)).not.toThrow(/hunter2/);
  }
});

test('files with secret values are known, so that a run can hide them', () => {
  expect(secretFileVariables()).toEqual(
    expect.arrayContaining([
      'DATABASE_URL_FILE',
      'DOORWARD_MIGRATION_DATABASE_URL_FILE',
      'DOORWARD_LISTEN_DATABASE_URL_FILE',
      'DOORWARD_PASSPHRASE_FILE',
      'DOORWARD_TOKEN_FILE',
    ]),
  );
  const named = describeVariables().filter(({ name }) => /PASS|SECRET/.test(name));
  for (const { name } of named) expect(secretFileVariables()).toContain(`${name}_FILE`);
});

describe('settings, as they are shown', () => {
  const shown = (environment: Record<string, string>, name: string) =>
    describeSettings({ HOME: '/home/ada', ...environment }).find((setting) => setting.name === name);

  test('tell every variable and where its value comes from', () => {
    expect(describeSettings({}).map(({ name }) => name)).toEqual(describeVariables().map(({ name }) => name));
    expect(shown({}, 'DOORWARD_TOKEN_SECONDS')).toMatchObject({ value: '600', source: 'default' });
    expect(shown({}, 'DATABASE_URL')).toMatchObject({ value: null, source: 'default' });
    expect(shown({ DOORWARD_DATA_DIR: '/data' }, 'DOORWARD_ROOT_KEY_FILE')?.value).toBe('/data/root.key');
    expect(shown({ DOORWARD_DRAIN_SECONDS: '7' }, 'DOORWARD_DRAIN_SECONDS')).toMatchObject({
      value: '7',
      source: 'environment',
    });
  });

  test.each([
    ['DATABASE_URL', 'postgres://ada:hunter2@db/doorward?sslkey=hunter2', 'postgres://ada@db/doorward'],
    [
      'DATABASE_URL',
      'postgres://ada:hun%20ter2@one:5432,two/doorward',
      'postgres://ada@one:5432,two/doorward',
    ],
    ['DATABASE_URL', 'mysql://ada:hunter2@db', '(not valid, not shown)'],
    ['DOORWARD_URL', 'https://hunter2@broker.example/?token=hunter2', 'https://broker.example/'],
    ['DOORWARD_URL', 'hunter2', 'the given address'],
    ['DOORWARD_PUBLIC_URL', 'https://ada:hunter2@broker.example', 'https://broker.example'],
    ['DOORWARD_PASSPHRASE', 'hunter2', '(set, not shown)'],
    ['DOORWARD_TOKEN', 'hunter2', '(set, not shown)'],
    ['DOORWARD_LOG_LEVEL', 'hunter2', '(not valid, not shown)'],
  ])('never show what is secret: %s=%s', (name, value, expected) => {
    expect(shown({ [name]: value }, name)?.value).toBe(expected);
  });

  test('all that is wrong is told at once', () => {
    const environment = {
      DOORWARD_LISTEN: 'hunter2',
      DOORWARD_TOKEN_SECONDS: 'hunter2',
      DATABASE_URL: 'postgres://one',
      DATABASE_URL_FILE: '/nowhere',
    };
    expect(configurationTrouble(environment).map(({ name }) => name)).toEqual([
      'DATABASE_URL',
      'DOORWARD_LISTEN',
      'DOORWARD_TOKEN_SECONDS',
    ]);
    expect(configurationTrouble({ DOORWARD_EGRESS_CA_FILE: '/nowhere/ca.pem' })).toMatchObject([
      { name: 'DOORWARD_EGRESS_CA_FILE' },
    ]);
    expect(configurationTrouble({})).toEqual([]);
  });
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
    DOORWARD_ROOT_KEY_FILE_FILE: '',
    DOORWARD_RUN: 'run_1',
    UNRELATED: '',
  };
  expect(unknownVariables(environment)).toEqual(['DOORWARD_LISTEM', 'DOORWARD_ROOT_KEY_FILE_FILE']);
});
