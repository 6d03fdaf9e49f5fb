// From audit events to log lines, and how events that come late are picked up once.
import { describe, expect, test } from 'vitest';
import type { EventRecord } from '../../src/cli/audit-events.ts';
import { readEvents, readFresh, remember } from '../../src/cli/audit-events.ts';
import { concernsAgents, createLineReader } from '../../src/cli/call-lines.ts';
import type { Client } from '../../src/cli/client.ts';
import { newId } from '../../src/core/ids.ts';
import type { IdPrefix } from '../../src/core/ids.ts';

const START_MS = Date.UTC(2030, 0, 1);
let turn = 0;
function id<P extends IdPrefix>(prefix: P, ms = START_MS) {
  turn += 1;
  const clock = { now: () => new Date(ms), monotonicMs: () => 0 };
  return newId({ clock, randomness: { bytes: (length) => Buffer.alloc(length, turn) } }, prefix);
}

function event(kind: string, fields: Readonly<Record<string, unknown>>, ms = START_MS): EventRecord {
  const principal = { type: 'agent', id: id('agt'), name: 'worker' };
  const base = {
    v: 1,
    id: id('evt', ms),
    at: new Date(ms).toISOString(),
    vault: null,
    replica: id('rep'),
    principal,
  };
  return { ...base, kind, ...fields };
}

const intent = event('call.intent', {
  service: { id: id('svc'), name: 'acme', revision: 1 },
  secret: { id: id('sec'), version: 1 },
  method: 'GET',
  path: '/v1/models',
  queryKeys: [],
  body: { held: false },
  decision: { effect: 'allow', rule: 'GET /v1/**', grant: id('grt'), grantRevision: 1 },
  epoch: '1',
});
const outcome = (fields: Readonly<Record<string, unknown>>) =>
  event('call.outcome', {
    intent: intent['id'],
    requestBytes: 0,
    responseBytes: 2,
    totalMs: 12.3,
    ...fields,
  });

describe('log lines', () => {
  test('carry how the bodies began, where that is kept', () => {
    const reader = createLineReader();
    reader.read(intent);
    const preview = { request: '{"to":"****@example.com"}', answer: 'ok' };
    expect(reader.read(outcome({ result: 'answered', status: 200, preview }))).toMatchObject([{ preview }]);
  });

  test.each([
    [{ result: 'answered', status: 200 }, '200', true],
    [{ result: 'answered', status: 404 }, '404', false],
    [{ result: 'aborted', status: 200 }, '200 aborted', false],
    [{ result: 'cut', problem: 'secret-in-request' }, 'cut secret-in-request', false],
    [{ result: 'failed', problem: 'upstream-unreachable' }, 'upstream-unreachable', false],
  ])('an intent and its outcome are one line: %j', (fields, answer, isGood) => {
    const reader = createLineReader();
    expect(reader.read(intent)).toEqual([]);
    expect(reader.unfinished()).toMatchObject([{ path: '/v1/models', answer: 'running' }]);
    expect(reader.read(outcome(fields))).toEqual([
      {
        at: '2030-01-01T00:00:00.000Z',
        agent: 'worker',
        service: 'acme',
        method: 'GET',
        path: '/v1/models',
        decision: 'allow',
        answer,
        totalMs: 12.3,
        isGood,
      },
    ]);
    expect(reader.unfinished()).toEqual([]);
  });

  test('a refusal and a failed authentication are lines of their own', () => {
    const reader = createLineReader();
    const refused = event('call.refused', {
      service: 'acme',
      method: 'POST',
      path: '/v1/x',
      problem: 'not-allowed',
    });
    const failed = event('authentication.failed', {
      peer: '10.0.0.0/24',
      reason: 'unknown-token',
      count: 3,
      from: '2030-01-01T00:00:00.000Z',
      to: '2030-01-01T00:00:10.000Z',
    });
    expect(reader.read(refused)).toMatchObject([{ service: 'acme', answer: 'not-allowed', isGood: false }]);
    expect(reader.read(failed)).toMatchObject([{ agent: '10.0.0.0/24', answer: 'unknown-token ×3' }]);
  });

  test('tokens of administrators and kinds of a later version are no lines', () => {
    const reader = createLineReader();
    const token = event('token.issued', {
      jti: id('tok'),
      subject: id('adm'),
      expiresAt: '2030-01-01T00:15:00.000Z',
    });
    const ofOwner = { ...token, principal: { type: 'admin', id: id('adm'), name: 'owner' } };
    expect(reader.read(ofOwner)).toEqual([]);
    expect(concernsAgents(ofOwner)).toBe(false);
    expect(concernsAgents(token)).toBe(true);
    expect(reader.read({ ...token, kind: 'token.dreamt' })).toEqual([]);
  });
});

/** Answers `audit.list` from an array, as the server would: in the order of ids, after one of them, a page at a time. */
function serverWith(events: readonly EventRecord[]): Client {
  return {
    address: { kind: 'url', url: 'http://127.0.0.1:1' },
    download: () => Promise.reject(new Error('no file is asked for')),
    call: async (_contract, input) => {
      const {
        after = '',
        limit = 50,
        since = '',
      } = input as { after?: string; limit?: number; since?: string };
      const sorted = [...events].sort((one, other) => (String(one['id']) < String(other['id']) ? -1 : 1));
      const rest = sorted.filter((one) => String(one['id']) > after && String(one['at']) >= since);
      const items = after === '' ? rest.slice(-limit) : rest.slice(0, limit);
      return { items, nextAfter: items.at(-1)?.['id'] ?? null } as never; // what the contract says, from our own ids
    },
  };
}

describe('reading events', () => {
  const at = (ms: number) => event('chain.close', {}, START_MS + ms);

  test('each is handed out once, also those that come up to two seconds late', async () => {
    const log = [at(0), at(10_000)];
    const known = new Map<string, number>();
    remember(known, await readEvents(serverWith(log), {}));
    expect(await readFresh(serverWith(log), {}, known)).toEqual([]);
    const late = at(8_500);
    const next = at(11_000);
    log.push(late, next);
    expect(await readFresh(serverWith(log), {}, known)).toEqual([late, next]);
    expect(await readFresh(serverWith(log), {}, known)).toEqual([]);
    expect(known.size).toBeLessThanOrEqual(3);
  });

  test('an empty log is followed from its first event on', async () => {
    const known = new Map<string, number>();
    expect(await readFresh(serverWith([]), {}, known)).toEqual([]);
    const first = at(5);
    expect(await readFresh(serverWith([first]), {}, known)).toEqual([first]);
    expect(await readFresh(serverWith([first]), {}, known)).toEqual([]);
  });

  test('--since reads all pages from then on', async () => {
    const log = Array.from({ length: 1_203 }, (_, index) => at(index));
    const since = new Date(START_MS + 3).toISOString();
    expect((await readEvents(serverWith(log), { since })).length).toBe(1_200);
    expect((await readEvents(serverWith(log), { since, limit: 7 })).length).toBe(7);
    expect((await readEvents(serverWith(log), {})).length).toBe(50);
  });
});
