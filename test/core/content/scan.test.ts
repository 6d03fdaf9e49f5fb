// The scan of a body: the same whatever the pieces, in every writing, and never longer held back than needed.
import { describe, expect, test } from 'vitest';
import { CONTENT_CLASSES } from '../../../src/core/content/classes.ts';
import { ContentScan } from '../../../src/core/content/content-scan.ts';
import { writingOf } from '../../../src/core/content/escapes.ts';
import { random } from './random.ts';
import { rulesOf, scan, scanWith, tableOf } from './search.ts';

const EVERYTHING = tableOf(
  rulesOf(CONTENT_CLASSES, 'mask', {
    project: '\\bACME-[0-9]{4,6}\\b',
    greedy: '(?i)plan [a-z ]{0,40}end',
    wide: 'Zürich.{2,9}€',
  }),
);

/** What content, near misses and ordinary text are made of. */
const PARTS = [
  'jane.doe@example.com',
  'jane\\u0040example.com',
  'jane@example',
  '4111 1111 1111 1111',
  '5555555555554444',
  '4111111111111112',
  '+41 44 668 18 00',
  '+41 44 668 18 00 17',
  'GB29 NWBK 6016 1331 9268 19',
  'DE89370400440532013000',
  'IBAN AT61 1904 3002 3457 3201 NEXT',
  '123-45-6789',
  'bsn":"111222333',
  '111222333',
  '11010519491231002X',
  'ACME-12345',
  'ACME-12345678',
  'Plan of the end',
  'plan of the eternal e',
  'Zürich – 12 €',
  'müller@bücher.example',
  '４１１１１１１１１１１１１１１１',
  '41\u200b11111111111111',
  '\\n',
  '\\\\u0040',
  '\\',
  '\\u00',
  'jane%40example.com',
  '100%',
  '%4',
  '\u{1f600}',
  'é',
  '550e8400-e29b-41d4-a716-446655440000',
  'eyJhbGciOiJIUzI1NiJ9',
];
/** Longer than what is looked at in one piece. */
const LONG = [
  'A'.repeat(1_100),
  '12 '.repeat(400),
  '1 2-3.4/'.repeat(150),
  'jane@example.com.'.repeat(80),
  '中文'.repeat(200),
  '\\u4e2d\\u6587'.repeat(200),
];
const JOINTS = [' ', '', '\n', '"', ', ', '-', '.', '@', '+', '"}\n\n', ' \u00a0'];

function randomText(chance: () => number): Buffer {
  const pick = (list: readonly string[]) => list[Math.floor(chance() * list.length)] ?? '';
  if (chance() < 0.08) return Buffer.from(`${pick(PARTS)} ${pick(LONG)}${pick(JOINTS)}${pick(PARTS)}\n`);
  const count = 3 + Math.floor(chance() * 12);
  const text = Array.from({ length: count }, () => pick(PARTS) + pick(JOINTS)).join('');
  return Buffer.from(text, chance() < 0.06 ? 'utf16le' : 'utf8');
}

function cut(bytes: Buffer, chance: () => number): Buffer[] {
  const most = chance() < 0.2 ? 3 : chance() < 0.5 ? 40 : 2_000;
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(chance() * most);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

test('5,000 random cuts of random bodies give what the whole body gives', () => {
  const chance = random('cuts');
  const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'text/html'];
  let found = 0;
  for (let round = 0; round < 5_000; round++) {
    const bytes = randomText(chance);
    const type = types[round % types.length] ?? '';
    const whole = scanWith(EVERYTHING, [bytes], type);
    const pieces = scanWith(EVERYTHING, cut(bytes, chance), type);
    expect(pieces.bytes.equals(whole.bytes), `round ${round}`).toBe(true);
    expect(pieces.rules.toSorted()).toEqual(whole.rules.toSorted());
    expect(whole.bytes.length).toBe(bytes.length);
    found += whole.rules.length;
  }
  expect(found).toBeGreaterThan(10_000);
}, 300_000);

describe('is found as whoever reads the body reads it', () => {
  const table = tableOf(rulesOf(['email', 'card', 'nl-bsn', 'phone']));
  test.each([
    ['application/json', '{"a":"jane\\u0040example.com"}', '{"a":"****\\u0040example.com"}'],
    ['application/json', '{"a":"j\\u0061ne@example.com"}', '{"a":"*********@example.com"}'],
    [
      'application/json',
      '"{\\"a\\":\\"j\\\\u0061ne@example.com\\"}"',
      '"{\\"a\\":\\"**********@example.com\\"}"',
    ],
    ['application/json', '{"a":"line\\njane@example.com\\n"}', '{"a":"line\\n****@example.com\\n"}'],
    ['application/json', '{"card":4111111111111111,"x":1}', '{"card":9999999999991111,"x":1}'],
    ['application/json', '[4111111111111111]', '[9999999999991111]'],
    ['application/json', '{"n":"4111111111111111"}', '{"n":"************1111"}'],
    ['text/event-stream', 'data: {"t":"jane@example.com"}\n\n', 'data: {"t":"****@example.com"}\n\n'],
    ['application/json', '{"next":"/v1?q=jane%40example.com"}', '{"next":"/v1?q=****%40example.com"}'],
    ['application/x-www-form-urlencoded', 'a=1&mail=jane%40example.com', 'a=1&mail=****%40example.com'],
    ['application/x-www-form-urlencoded', 'm=jane%2540example.com', 'm=****%2540example.com'],
    ['application/x-www-form-urlencoded', 't=%2B41+44+668+18+00', 't=%2B**+**+***+**+**'],
    ['text/html', '<a>jane&#64;example&period;com</a>', '<a>****&#64;example&period;com</a>'],
    ['text/html', '<a>jane&#x40;example.com</a>', '<a>****&#x40;example.com</a>'],
    ['text/javascript', "'jane\\x40example.com'", "'****\\x40example.com'"],
    ['text/plain', 'card ４111 1111 1111 1111', 'card ****** **** **** 1111'],
    ['text/plain', '4111\u00a01111\u00a01111\u00a01111', '****\u00a0****\u00a0****\u00a01111'],
    ['text/plain', '4111‑1111‑1111‑1111', '****‑****‑****‑1111'],
  ])('%s: %s', (type, text, masked) => {
    expect(scanWith(table, [text], type).text).toBe(masked);
  });

  test('with characters between that nobody sees', () => {
    const { text, rules } = scanWith(table, ['jane\u200b.doe@exam\u00adple.com']);
    expect(rules).toEqual(['email']);
    expect(text).not.toMatch(/jane|doe/);
  });

  test('in UTF-16, which stays UTF-16', () => {
    const { bytes } = scanWith(table, [Buffer.from('write jane@example.com now', 'utf16le')]);
    expect(bytes.toString('utf16le')).toBe('write ****@example.com now');
  });
});

test('a JSON body stays one, of the same shape, whatever is masked in it', () => {
  const chance = random('documents');
  const table = tableOf(rulesOf(CONTENT_CLASSES, 'mask', { digits: '[0-9]{5}' }));
  const pick = <T>(list: readonly T[]) => list[Math.floor(chance() * list.length)] as T;
  const numbers = [4111111111111111, -378282246310005, 111222333, 12345.678, 1e21, 44051401359];
  const leaf = () => pick<unknown>([pick(PARTS), pick(numbers), true, null]);
  const node = (depth: number): unknown => {
    if (depth === 0 || chance() < 0.3) return leaf();
    if (chance() < 0.5) return Array.from({ length: 3 }, () => node(depth - 1));
    return Object.fromEntries(['bsn', 'to', 'x'].map((name) => [name, node(depth - 1)]));
  };
  const shapeOf = (value: unknown): unknown =>
    typeof value !== 'object' || value === null
      ? typeof value
      : Object.entries(value).map(([name, member]) => [name, shapeOf(member)]);
  for (let round = 0; round < 1_000; round++) {
    const value = { all: node(3) };
    const text = chance() < 0.5 ? JSON.stringify(value) : JSON.stringify(value, undefined, 2);
    const masked = scanWith(table, cut(Buffer.from(text), chance), 'application/json').text;
    expect(shapeOf(JSON.parse(masked))).toEqual(shapeOf(value));
  }
});

describe('what is held back', () => {
  const table = tableOf(rulesOf(CONTENT_CLASSES));
  const passedOf = (text: string) =>
    new ContentScan(table, writingOf('text/event-stream'), () => undefined)
      .push(Buffer.from(text))
      .toString();

  test('of an event, a line or a JSON text that has ended is nothing', () => {
    for (const text of ['data: {"delta":"the 4111"}\n\n', 'one line\n', '{"a":[1,2]}', 'a\r\n'])
      expect(passedOf(text)).toBe(text);
  });

  test('of prose is the last word', () => {
    expect(passedOf('the model wrote a senten')).toBe('the model wrote a ');
  });

  test('of endless digits and letters is never more than a window', () => {
    const scan = new ContentScan(table, writingOf(''), () => undefined);
    let passed = 0;
    let pushed = 0;
    for (const piece of ['1', 'a1', '4 ', 'AB 1'])
      for (let round = 0; round < 2_000; round++) {
        passed += scan.push(Buffer.from(piece)).length;
        pushed += piece.length;
        expect(pushed - passed).toBeLessThanOrEqual(1_100);
      }
  });
});

test('of a text that is of two classes the one counts about which more is done', () => {
  const classes = new Map([
    ['pl-pesel', 'flag'],
    ['br-cpf', 'block'],
  ] as const);
  const both = '23092448561'; // it has the check digits of both
  expect(scan({ classes, patterns: [] }, [both]).rules).toEqual(['br-cpf']);
});

test('the bytes that came are left as they are', () => {
  const bytes = Buffer.from('to jane@example.com');
  scan(rulesOf(['email']), [bytes]);
  expect(bytes.toString()).toBe('to jane@example.com');
});
