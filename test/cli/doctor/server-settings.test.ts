// A server that was started with other settings than the ones judged here is told of, by the names of what differs.
import { expect, test } from 'vitest';
import { differences } from '../../../src/cli/doctor/server-settings.ts';

test('what only one side has, and what differs, is named; values are not', () => {
  const started = {
    DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
    DATABASE_URL: 'postgres://a:b@c/d',
    PATH: '/bin',
  };
  const here = { DATABASE_URL: 'postgres://a:other@c/d', DOORWARD_LOG_LEVEL: 'debug', PATH: '/usr/bin' };
  expect(differences(started, here)).toEqual([
    'DATABASE_URL',
    'DOORWARD_EGRESS_ALLOW_CIDRS',
    'DOORWARD_LOG_LEVEL',
  ]);
});

test('what is empty counts as not set, and what only commands read does not count', () => {
  const here = {
    DOORWARD_LISTEN: '',
    DOORWARD_URL: 'http://x',
    DOORWARD_PASSPHRASE_FILE: '/x',
    DOORWARD_DATA_DIR: 'd',
  };
  expect(differences({}, here)).toEqual([]);
});
