// What a run's child finds in its environment.
import { expect, test } from 'vitest';
import { childEnvironment } from '../../src/runner/environment.ts';

const variables = {
  run: 'run_01h455vb4pex5vsknk084sn02q',
  placeholder: 'dw_placeholder_x',
  brokerUrl: 'http://127.0.0.1:7420',
  services: [
    { keyEnv: 'OPENAI_API_KEY', baseUrlEnv: 'OPENAI_BASE_URL', path: '/call/openai/v1' },
    { keyEnv: null, baseUrlEnv: null, path: '/call/acme' },
  ],
};

test('the clients of granted services find the broker and the placeholder', () => {
  const { environment, replaced } = childEnvironment({ PATH: '/bin', HOME: '/home/me' }, variables);
  expect(environment).toEqual({
    PATH: '/bin',
    HOME: '/home/me',
    OPENAI_API_KEY: 'dw_placeholder_x',
    OPENAI_BASE_URL: 'http://127.0.0.1:7420/call/openai/v1',
    DOORWARD_URL: 'http://127.0.0.1:7420',
    DOORWARD_TOKEN: 'dw_placeholder_x',
    DOORWARD_RUN: 'run_01h455vb4pex5vsknk084sn02q',
  });
  expect(replaced).toEqual([]);
});

test('a key that stood there is replaced, and that is told', () => {
  const { environment, replaced } = childEnvironment({ OPENAI_API_KEY: 'sk-live' }, variables);
  expect(environment['OPENAI_API_KEY']).toBe('dw_placeholder_x');
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
