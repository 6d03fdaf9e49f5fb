// What a run's child finds in its environment.
import { expect, test } from 'vitest';
import { childEnvironment } from '../../src/runner/environment.ts';

const variables = {
  run: 'run_01h455vb4pex5vsknk084sn02q',
  placeholder: 'dw_run_x',
  brokerUrl: 'http://127.0.0.1:7420',
  services: [
    {
      name: 'openai',
      path: '/call/openai',
      url: null,
      placeholder: 'sk-proj-x',
      variables: [
        { name: 'OPENAI_API_KEY', holds: 'key', suffix: '' },
        { name: 'OPENAI_BASE_URL', holds: 'base-url', suffix: '/v1' },
      ],
    },
    { name: 'acme', path: '/call/acme', url: null, placeholder: 'dw_placeholder_y', variables: [] },
  ],
} as const;

test('the clients of granted services find the broker and their placeholder', () => {
  const { environment, replaced } = childEnvironment({ PATH: '/bin', HOME: '/home/me' }, variables);
  expect(environment).toEqual({
    PATH: '/bin',
    HOME: '/home/me',
    OPENAI_API_KEY: 'sk-proj-x',
    OPENAI_BASE_URL: 'http://127.0.0.1:7420/call/openai/v1',
    DOORWARD_URL: 'http://127.0.0.1:7420',
    DOORWARD_TOKEN: 'dw_run_x',
    DOORWARD_RUN: 'run_01h455vb4pex5vsknk084sn02q',
  });
  expect(replaced).toEqual([]);
});

test('a key that stood there is replaced, and that is told', () => {
  const { environment, replaced } = childEnvironment({ OPENAI_API_KEY: 'sk-live' }, variables);
  expect(environment['OPENAI_API_KEY']).toBe('sk-proj-x');
  expect(replaced).toEqual(['OPENAI_API_KEY']);
});

test.each([
  'DOORWARD_PASSPHRASE',
  'DOORWARD_PASSPHRASE_FILE',
  'DATABASE_URL',
  'DATABASE_URL_FILE',
  'DOORWARD_MIGRATION_DATABASE_URL',
  'DOORWARD_LISTEN_DATABASE_URL',
  'DOORWARD_ROOT_KEY_FILE',
  'DOORWARD_OWNER_CREDENTIAL_FILE',
  'DOORWARD_DATA_DIR',
])('%s does not reach the child', (name) => {
  expect(childEnvironment({ [name]: 'x' }, variables).environment).not.toHaveProperty(name);
});

test('a proxy is passed by on the way to the broker', () => {
  const { environment } = childEnvironment(
    { https_proxy: 'http://proxy:3128', NO_PROXY: 'a.example' },
    variables,
  );
  expect(environment).toMatchObject({ NO_PROXY: 'a.example,127.0.0.1', no_proxy: '127.0.0.1' });
  expect(childEnvironment({}, variables).environment).not.toHaveProperty('NO_PROXY');
});

const anthropic = {
  name: 'anthropic',
  path: '/call/anthropic',
  url: null,
  placeholder: 'sk-ant-api03-x',
  variables: [
    { name: 'ANTHROPIC_API_KEY', holds: 'key', suffix: '' },
    { name: 'ANTHROPIC_AUTH_TOKEN', holds: 'key', suffix: '' },
    { name: 'ANTHROPIC_BASE_URL', holds: 'base-url', suffix: '' },
  ],
} as const;

test.each([
  ['/usr/local/bin/claude', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY'],
  ['claude.exe', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY'],
  ['node', 'ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
])('%s gets %s and never %s beside it, also where both were set', (command, wanted, rival) => {
  const parent = { [wanted]: 'sk-ant-mine', [rival]: 'sk-ant-mine-too' };
  const given = { ...variables, services: [anthropic], command };
  const { environment, replaced, removed } = childEnvironment(parent, given);
  expect(environment).toMatchObject({
    [wanted]: 'sk-ant-api03-x',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:7420/call/anthropic',
  });
  expect(environment).not.toHaveProperty(rival);
  expect({ replaced, removed }).toEqual({ replaced: [wanted], removed: [rival] });
});

test('a vendor that is not granted is left as it was found', () => {
  const mine = {
    ANTHROPIC_API_KEY: 'sk-ant-mine',
    CLAUDE_CODE_OAUTH_TOKEN: 'mine',
    ANTHROPIC_BASE_URL: 'https://else.test',
  };
  const { environment, replaced, removed } = childEnvironment(mine, { ...variables, command: 'claude' });
  expect(environment).toMatchObject(mine);
  expect({ replaced, removed }).toEqual({ replaced: [], removed: [] });
});

test('a service with a listener of its own is called there, unless that is a socket', () => {
  const own = (url: string) => ({ ...variables, services: [{ ...anthropic, url }] });
  const at = (url: string) => childEnvironment({}, own(url)).environment['ANTHROPIC_BASE_URL'];
  expect(at('http://127.0.0.1:9001')).toBe('http://127.0.0.1:9001');
  expect(at('unix:/run/gh.sock')).toBe('http://127.0.0.1:7420/call/anthropic');
  const proxied = childEnvironment({ HTTPS_PROXY: 'http://proxy:3128' }, own('http://[::1]:9001'));
  expect(proxied.environment['NO_PROXY']).toBe('127.0.0.1,[::1]');
});

test('of two services with the same variables the first has them, whole', () => {
  const second = {
    ...anthropic,
    name: 'anthropic-2',
    path: '/call/anthropic-2',
    placeholder: 'sk-ant-api03-y',
  };
  const { environment, shadowed } = childEnvironment({}, { ...variables, services: [anthropic, second] });
  expect(environment).toMatchObject({
    ANTHROPIC_API_KEY: 'sk-ant-api03-x',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:7420/call/anthropic',
  });
  expect([...shadowed]).toEqual([['anthropic-2', 'anthropic']]);
});
