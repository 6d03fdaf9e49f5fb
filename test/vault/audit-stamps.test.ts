// What events are stamped with, and how failures of strangers are counted, on a clock that the test moves.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AuditInput } from '../../src/core/audit-event.ts';
import { idBytes, isId, newId } from '../../src/core/ids.ts';
import type { IdSource } from '../../src/core/ids.ts';
import { createDrafter } from '../../src/vault/audit/draft.ts';
import { peerPrefix } from '../../src/core/ip-range.ts';
import { FailedAuthentications } from '../../src/vault/audit/failed-authentications.ts';
import { parsePeerHead, toPeerHead } from '../../src/vault/audit/peer-heads.ts';

const START = Date.UTC(2026, 4, 17, 9, 30);
let nowMs = START;
const ids: IdSource = {
  clock: { now: () => new Date(nowMs), monotonicMs: () => nowMs },
  randomness: { bytes: (length) => randomBytes(length) },
};

beforeEach(() => {
  nowMs = START;
});

describe('drafts', () => {
  const input: AuditInput = { kind: 'chain.close', vault: null, principal: { type: 'system' } };

  test('ids ascend within a millisecond, beyond its 4,096 ids and when the clock steps back', () => {
    const draft = createDrafter(ids, newId(ids, 'rep'));
    const written = Array.from({ length: 10_000 }, (_, i) => {
      if (i === 9000) nowMs -= 60_000;
      return draft(input).stamp.id;
    });
    expect(new Set(written).size).toBe(written.length);
    expect([...written].sort()).toEqual(written);
  });

  test('ids are TypeIDs of UUIDv7 with the time of the event', () => {
    const draft = createDrafter(ids, newId(ids, 'rep'));
    for (let i = 0; i < 300; i += 1) {
      const { id } = draft(input).stamp;
      expect(isId('evt', id)).toBe(true);
      const uuid = idBytes(id);
      expect(uuid.readUIntBE(0, 6)).toBe(START);
      expect(uuid.readUInt16BE(6)).toBe(0x7000 | i);
      expect((uuid[8] ?? 0) >> 6).toBe(0b10);
    }
  });

  test('the time of an event is the clock’s, whatever its id', () => {
    const draft = createDrafter(ids, newId(ids, 'rep'));
    draft(input);
    nowMs -= 60_000;
    expect(draft(input).stamp.at).toBe('2026-05-17T09:29:00.000Z');
  });

  test('a salt is never used twice', () => {
    const draft = createDrafter(ids, newId(ids, 'rep'));
    const salts = Array.from({ length: 100 }, () => draft(input).salt.toString('hex'));
    expect(new Set(salts).size).toBe(100);
    expect(salts[0]).toHaveLength(32);
  });
});

describe('failed authentications', () => {
  type Failed = Extract<AuditInput, { kind: 'authentication.failed' }>;
  let written: Failed[] = [];
  let isDown = false;
  const append = async (event: AuditInput) => {
    if (isDown) throw new Error('down');
    if (event.kind === 'authentication.failed') written.push(event);
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    written = [];
    isDown = false;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('are one event per peer prefix and reason in ten seconds', async () => {
    const failures = new FailedAuthentications({ clock: ids.clock, append });
    for (let i = 0; i < 1000; i += 1) {
      failures.note(`192.0.2.${i % 256}`, 'unknown token');
      nowMs += 1;
    }
    await vi.advanceTimersByTimeAsync(9_999);
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(written).toMatchObject([
      {
        peer: '192.0.2.0/24',
        count: 1000,
        from: '2026-05-17T09:30:00.000Z',
        to: '2026-05-17T09:30:00.999Z',
      },
    ]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(written).toHaveLength(1);
  });

  test('from ever more peers share one event, and none is lost', async () => {
    const failures = new FailedAuthentications({ clock: ids.clock, append });
    for (let i = 0; i < 5000; i += 1)
      failures.note(`10.${i % 200}.${Math.floor(i / 200)}.1`, 'unknown token');
    await failures.flush();
    expect(written.length).toBeLessThanOrEqual(257);
    expect(written.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
    expect(written.at(-1)).toMatchObject({ peer: 'other', reason: 'other', count: 5000 - 256 });
  });

  test('that can not be written are counted on', async () => {
    const failures = new FailedAuthentications({ clock: ids.clock, append });
    isDown = true;
    failures.note('192.0.2.1', 'expired');
    await expect(failures.flush()).rejects.toThrow('down');
    isDown = false;
    nowMs += 5000;
    failures.note('192.0.2.2', 'expired');
    await failures.flush();
    expect(written).toMatchObject([
      { count: 2, from: '2026-05-17T09:30:00.000Z', to: '2026-05-17T09:30:05.000Z' },
    ]);
  });

  test.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1:2ff:3::4', '2001:db8:1:200::/56'],
    ['::1', '::/56'],
    ['fe80::1%eth0', 'fe80::/56'],
    ['', 'unknown'],
    ['not an address', 'unknown'],
  ])('%s is counted as %s', (peer, prefix) => {
    expect(peerPrefix(peer)).toBe(prefix);
  });
});

describe('heads that replicas tell each other', () => {
  const key = randomBytes(32);
  const chain = newId(ids, 'chn');
  const head = toPeerHead(key, chain, 'call', { seq: 7, mac: randomBytes(32).toString('hex') });

  test('are taken as they were made', () => {
    expect(parsePeerHead(key, chain, JSON.parse(JSON.stringify(head)))).toEqual(head);
  });

  test.each([
    ['another number', chain, { ...head, seq: 8 }],
    ['another lane', chain, { ...head, lane: 'admin' }],
    ['another MAC', chain, { ...head, mac: '0'.repeat(64) }],
    ['another chain', newId(ids, 'chn'), head],
    ['no tag', chain, { ...head, tag: undefined }],
    ['a member more', chain, { ...head, note: 1 }],
    ['nothing', chain, null],
  ])('are refused with %s', (_, of, value) => {
    expect(parsePeerHead(key, of, value)).toBeUndefined();
    expect(parsePeerHead(randomBytes(32), chain, head)).toBeUndefined();
  });
});
