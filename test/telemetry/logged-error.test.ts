// The log has what went wrong, and nothing of what was being written when it did.
import { expect, test } from 'vitest';
import { Problem } from '../../src/core/problem.ts';
import { loggedError } from '../../src/telemetry/logged-error.ts';

const MARKER = 'Marker-8Xw3Kp5RtYq1Lz7';

class QueryFailure extends Error {
  readonly query = 'insert into agent (name) values ($1)';
  readonly params = [MARKER];
}

function databaseError() {
  const error = new Error('the database system is starting up');
  return Object.assign(error, { code: '57P03', detail: `Failing row contains (${MARKER}).`, routine: 'x' });
}

test('a failed query is told by its cause, without parameters, rows and frames', () => {
  const error = new QueryFailure(`Failed query: … params: ${MARKER}`, { cause: databaseError() });
  expect(loggedError(error)).toEqual({
    type: 'QueryFailure',
    message: 'a query failed',
    cause: { type: 'Error', message: 'the database system is starting up', code: '57P03' },
  });
});

test('a mistake of the program keeps the place it was made', () => {
  const told = loggedError(new TypeError('x is not a function'));
  expect(told).toMatchObject({ type: 'TypeError', message: 'x is not a function' });
  expect(told).toHaveProperty('stack.0', expect.stringMatching(/^at .*logged-error\.test\.ts/));
});

test('a query that the database does not understand keeps its place, too, and a problem its inner words', () => {
  const cause = Object.assign(new Error('relation "agents" does not exist'), { code: '42P01' });
  expect(loggedError(new QueryFailure('…', { cause }))).toHaveProperty('stack');
  const problem = new Problem('upstream-unreachable', { internal: 'ECONNRESET while reading' });
  expect(loggedError(problem)).toEqual({
    type: 'Problem',
    message: problem.message,
    code: 'upstream-unreachable',
    internal: 'ECONNRESET while reading',
  });
});

test('causes that lead back to themselves end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(JSON.stringify(loggedError(error)).length).toBeLessThan(2000);
});

test('what is no error stands as it is', () => {
  expect(loggedError('a word')).toBe('a word');
});
