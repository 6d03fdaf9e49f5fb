// What ordinary answers notice of the scanner: nothing. No delay, no copy, no change, at any table size.
import * as fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import type { ScanTarget } from '../../src/core/leak-scan/patterns.ts';
import { buildScanTable, createLeakScan } from '../../src/core/leak-scan/scanner.ts';
import { scanChunks } from './leak-scan-oracle.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The same numbers in every run, so that a false match is never a matter of luck. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

function randomTargets(count: number, length: number, seed = 7): ScanTarget[] {
  const next = numbersFrom(seed);
  return Array.from({ length: count }, (_, index) => ({
    id: `ver_${index}`,
    value: Buffer.from(`sk-proj-${Array.from({ length }, () => LETTERS[next() % LETTERS.length]).join('')}`),
    publicPrefixLength: 8,
    fragments: true,
  }));
}

function ordinaryText(length: number): Buffer {
  const next = numbersFrom(11);
  const words =
    'the model answers with a list of items that hold "quoted" text, paths\\like\\this and 100% more'.split(
      ' ',
    );
  let text = '';
  while (text.length < length) {
    const sentence = Array.from({ length: 12 }, () => words[next() % words.length]).join(' ');
    const id = Array.from({ length: 24 }, () => LETTERS[next() % LETTERS.length]).join('');
    text += `${JSON.stringify({ id, url: `/a?q=${encodeURIComponent(sentence)}`, sentence, n: next(), é: '€\n\t' })}\n`;
  }
  return Buffer.from(text).subarray(0, length);
}

test('events pass at once and are not copied', () => {
  const table = buildScanTable(randomTargets(8, 40));
  const scan = createLeakScan(table, () => expect.unreachable());
  for (let index = 0; index < 300; index++) {
    const content = JSON.stringify({ choices: [{ delta: { content: ` word${index}\n"sk-proj-` } }] });
    const event = Buffer.from(`data: ${content}\n\n`);
    expect(scan.push(event)).toBe(event);
  }
  expect(scan.end().length).toBe(0);
  expect(scan.matches).toBe(0);
});

test('large chunks without an echo come out as they are, also beside each other', () => {
  const table = buildScanTable(randomTargets(8, 40));
  const scan = createLeakScan(table, () => expect.unreachable());
  const text = ordinaryText(1 << 20);
  for (let at = 0; at < text.length; at += 65_536) {
    const chunk = text.subarray(at, at + 65_536);
    expect(scan.push(chunk)).toBe(chunk);
  }
});

test('only what may be the beginning of an echo is held, and leaves when it is none', () => {
  const [target] = randomTargets(1, 40);
  const value = String(target?.value);
  const pieces = (...chunks: string[]) =>
    scanChunks(
      target === undefined ? [] : [{ ...target, fragments: false }],
      chunks.map((chunk) => Buffer.from(chunk)),
    ).pieces.map(String);
  expect(pieces('a sk-proj-', 'b')).toEqual(['a sk-proj-', 'b', '']);
  expect(pieces(`a ${value.slice(0, 11)}`, 'b')).toEqual([`a ${value.slice(0, 11)}`, 'b', '']);
  expect(pieces(`a ${value.slice(0, 12)}`, '.', 'b')).toEqual(['a ', `${value.slice(0, 12)}.`, 'b', '']);
  expect(pieces(`a ${value.slice(0, 30)}`)).toEqual(['a ', value.slice(0, 30)]);
  expect(pieces(`a ${value.slice(0, 30)}`, `${value.slice(30)}b`)).toEqual(['a ', `${'*'.repeat(48)}b`, '']);
});

test('any bytes without an echo come out the same, in any cutting', () => {
  const targets = randomTargets(3, 24);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 }), (parts) => {
      const chunks = parts.map((part) => Buffer.from(part));
      const { output, matches } = scanChunks(targets, chunks);
      expect(output.equals(Buffer.concat(chunks))).toBe(true);
      expect(matches).toEqual([]);
    }),
  );
});

test('the chunk that was pushed is never written to, and may be reused at once', () => {
  const [target] = randomTargets(1, 40);
  const value = target?.value ?? Buffer.alloc(0);
  const table = buildScanTable(target === undefined ? [] : [target]);
  const text = Buffer.concat([
    Buffer.from('x'.repeat(100)),
    value,
    Buffer.from('y'.repeat(100)),
    value.subarray(0, 20),
  ]);
  const scan = createLeakScan(table, () => undefined);
  const chunk = Buffer.from(text);
  const first = Buffer.from(scan.push(chunk));
  expect(chunk.equals(text)).toBe(true);
  chunk.fill(0);
  const rest = Buffer.concat([scan.push(value.subarray(20)), scan.end()]);
  expect(Buffer.concat([first, rest]).toString()).toBe(
    `${'x'.repeat(100)}${'*'.repeat(48)}${'y'.repeat(100)}${'*'.repeat(48)}`,
  );
});

test('an echo across the border of large chunks, or far inside, is found at its place', () => {
  const targets = randomTargets(8, 40);
  const value = targets[5]?.value ?? Buffer.alloc(0);
  const text = ordinaryText(300_000);
  for (const place of [65_536 - 48, 65_536 - 20, 65_535, 65_536, 131_072 - 1, 200_001]) {
    const data = Buffer.from(text);
    value.copy(data, place);
    const chunks = Array.from({ length: 5 }, (_, index) =>
      data.subarray(index * 65_536, (index + 1) * 65_536),
    );
    const { output, matches } = scanChunks(targets, chunks);
    expect(matches).toEqual([{ targetId: 'ver_5', view: 'raw', offset: place, length: 48 }]);
    expect(output.subarray(place + 11, place + 48).toString()).toBe('*'.repeat(37));
    expect(output.subarray(place + 48).equals(data.subarray(place + 48))).toBe(true);
    expect(output.subarray(0, place).equals(data.subarray(0, place))).toBe(true);
  }
});

test('ten thousand values are one table, which finds the last and nothing else in a mebibyte', () => {
  const targets = randomTargets(10_000, 40);
  const started = process.cpuUsage();
  const table = buildScanTable(targets);
  expect(process.cpuUsage(started).user).toBeLessThan(10_000_000);
  expect(table.size).toBeGreaterThan(60_000);
  const seen: string[] = [];
  const scan = createLeakScan(table, ({ targetId }) => seen.push(targetId));
  const text = ordinaryText(1 << 20);
  for (let at = 0; at < text.length; at += 16_384) scan.push(text.subarray(at, at + 16_384));
  expect(seen).toEqual([]);
  scan.push(Buffer.from(` ${targets.at(-1)?.value.toString('base64')} `));
  expect(seen).toEqual(['ver_9999']);
  table.dispose();
});

test('text of near misses takes no more than proportional time', () => {
  const [target] = randomTargets(1, 2_000);
  const value = target?.value ?? Buffer.alloc(0);
  const almost = Buffer.from(value);
  almost[almost.length - 1] = 0x21;
  const table = buildScanTable([{ id: 'ver_1', value }]);
  const used = (repeats: number) => {
    const text = Buffer.concat(Array.from({ length: repeats }, () => almost));
    const scan = createLeakScan(table, () => expect.unreachable());
    const started = process.cpuUsage();
    for (let at = 0; at < text.length; at += 4_096) scan.push(text.subarray(at, at + 4_096));
    return process.cpuUsage(started).user;
  };
  used(200);
  expect(used(1_000)).toBeLessThan(4_000_000);
});

test('a table that was disposed of fails its scans, an empty one passes everything', () => {
  const table = buildScanTable(randomTargets(1, 40));
  const scan = createLeakScan(table, () => undefined);
  table.dispose();
  expect(() => scan.push(Buffer.from('text'))).toThrow('Something went wrong inside Doorward');
  const empty = createLeakScan(buildScanTable([{ id: 'ver_1', value: Buffer.alloc(0) }]), () => undefined);
  const chunk = Buffer.from('text');
  expect(empty.push(chunk)).toBe(chunk);
});

test('the table keeps copies: wiping the value afterwards changes nothing', () => {
  const value = Buffer.from('wiped-after-building-the-table');
  const table = buildScanTable([{ id: 'ver_1', value }]);
  const echo = Buffer.from(value);
  value.fill(0);
  const scan = createLeakScan(table, () => undefined);
  expect(scan.push(echo).toString()).toBe('*'.repeat(echo.length));
});

test('a key inside a percent escape that the stream ends in is still redacted', () => {
  const { output } = scanChunks(
    [{ id: 'ver_1', value: Buffer.from('discount-100%') }],
    [Buffer.from('=discount%2D100%')],
  );
  expect(output.toString()).toBe(`=${'*'.repeat(15)}`);
});
