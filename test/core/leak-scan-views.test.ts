// Echoes as upstreams write them, in every view and cut at every byte; fragments; several values at once.
import * as fc from '../support/properties.ts';
import { expect, test } from 'vitest';
import type { ScanTarget } from '../../src/core/leak-scan/patterns.ts';
import { buildScanTable, scanTexts } from '../../src/core/leak-scan/scanner.ts';
import { complaintsAbout, cut, cuts, echoesIn, scanChunks, utf16 } from './leak-scan-oracle.ts';

const KEY = 'sk-proj-R4nd0mT0k3n/with+and"q\\u0te 7hP2xZ9v';
const target = (value: string | Buffer, more: Partial<ScanTarget> = {}): ScanTarget => ({
  id: 'ver_1',
  value: Buffer.from(value),
  ...more,
});

type Spell = (value: Buffer, pick: (index: number) => number) => string;
const hexByte = (byte: number, pick: number) => {
  const hex = byte.toString(16).padStart(2, '0');
  return pick % 2 === 0 ? hex : hex.toUpperCase();
};
const jsonUnit = (unit: string, pick: number) => {
  const mustEscape = unit === '"' || unit === '\\' || unit < ' ';
  const short = JSON.stringify(unit).slice(1, -1);
  if (pick % 3 === 0 && short.length <= 2) return short;
  if (pick % 3 === 1 && !mustEscape) return unit === '/' ? '\\/' : unit;
  return `\\u${hexByte(unit.charCodeAt(0) >> 8, pick)}${hexByte(unit.charCodeAt(0) & 255, pick >> 1)}`;
};
const aligned = (encoding: 'base64' | 'base64url', before: string): Spell => {
  return (value) => Buffer.concat([Buffer.from(before), value, Buffer.from('tail')]).toString(encoding);
};

const SPELLINGS: Readonly<Record<string, Spell>> = {
  raw: (value) => value.toString('latin1'),
  'percent, mixed': (value, pick) =>
    [...value]
      .map((byte, index) => {
        const letter = String.fromCharCode(byte);
        if (letter === ' ' && pick(index) % 2 === 0) return '+';
        return pick(index) % 3 === 0 && !'%+ '.includes(letter) ? letter : `%${hexByte(byte, pick(index))}`;
      })
      .join(''),
  'json, mixed': (value, pick) =>
    Buffer.from(
      value
        .toString('utf8')
        .split('')
        .map((unit, index) =>
          unit >= '\ud800' && unit <= '\udfff' ? escaped(unit) : jsonUnit(unit, pick(index)),
        )
        .join(''),
    ).toString('latin1'),
  'json, every byte': (value) => value.toString('utf8').split('').map(escaped).join(''),
  'html, mixed': (value, pick) =>
    Array.from(value.toString('utf8'), (letter, index) => htmlLetter(letter, pick(index))).join(''),
  'html, every byte': (value) =>
    Array.from(value.toString('utf8'), (letter) => htmlLetter(letter, 1)).join(''),
  'quoted-printable': (value, pick) =>
    [...value]
      .map((byte, index) => {
        const wrap = pick(index) % 7 === 0 ? '=\r\n' : '';
        const isPlain = pick(index) % 2 === 0 && byte > 0x20 && byte < 0x7f && byte !== 0x3d;
        return (
          (index === 0 ? '' : wrap) + (isPlain ? String.fromCharCode(byte) : `=${hexByte(byte, pick(index))}`)
        );
      })
      .join(''),
  'utf-16, little endian': (value) => `${latin1(utf16(value, 'utf16le'))}\0`,
  'utf-16, big endian': (value) => `\0${latin1(utf16(value, 'utf16be'))}`,
  'base64 in lines': wrapped('\n'),
  'base64 in lines of MIME': wrapped('\r\n'),
  'base64 in indented lines': wrapped(' \n    '),
  'base64 in lines within JSON': wrapped('\\r\\n'),
  'hex, lower': (value) => value.toString('hex'),
  'hex, upper': (value) => value.toString('hex').toUpperCase(),
  'base64 at 0': aligned('base64', ''),
  'base64 at 1': aligned('base64', '='),
  'base64 at 2': aligned('base64', 'u:'),
  'base64url at 0': aligned('base64url', ''),
  'base64url at 1': aligned('base64url', '='),
  'base64url at 2': aligned('base64url', 'u:'),
  'base64 in a url': (value) => encodeURIComponent(aligned('base64', '')(value, () => 0)),
  'base64 in json with escaped slashes': (value) =>
    aligned('base64', '')(value, () => 0).replaceAll('/', '\\/'),
};

const latin1 = (bytes: Buffer) => bytes.toString('latin1');

/** One letter as HTML may write it, as Latin-1 text of its UTF-8. */
function htmlLetter(letter: string, pick: number): string {
  const code = letter.codePointAt(0) ?? 0;
  const named = { '&': '&amp;', '<': '&lt;', '"': '&quot;', '/': '&sol;' }[letter];
  if (pick % 4 === 0 && named !== undefined) return named;
  if (pick % 4 === 2 && letter !== '&') return Buffer.from(letter).toString('latin1');
  return pick % 4 === 3 ? `&#x${code.toString(16)};` : `&#${'0'.repeat(pick % 3)}${code};`;
}

/** Lines of changing length, the first cut within the value. */
function wrapped(lineEnd: string): Spell {
  return (value, pick) => {
    const lines = [];
    let rest = aligned('base64', 'x')(value, pick);
    for (let at = 0; rest !== ''; at++) {
      const length = 3 + (pick(at) % 20);
      lines.push(rest.slice(0, length));
      rest = rest.slice(length);
    }
    return lines.join(lineEnd);
  };
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function checkBothWays(
  data: Buffer,
  targets: readonly ScanTarget[],
  cuttings: readonly (readonly number[])[],
): void {
  const echoes = echoesIn(data, targets);
  expect(echoes.length).toBeGreaterThan(0);
  const whole = scanChunks(targets, [data]);
  expect(complaintsAbout(data, whole.output, echoes, false)).toEqual([]);
  for (const places of cuttings) {
    const parts = scanChunks(targets, cut(data, places));
    expect(complaintsAbout(data, parts.output, echoes, true)).toEqual([]);
    expect(parts.matches).toEqual(whole.matches);
  }
}

/** Every way to cut once. */
const everywhere = (data: Buffer) => Array.from({ length: data.length + 1 }, (_, at) => [at]);

const utf8Value = fc
  .string({ unit: fc.constantFrom(...Array.from('aZ09 /+%"\\\n\t=é€😀~{')), minLength: 8, maxLength: 30 })
  .map((text) => Buffer.from(text));
const randomValue = fc
  .uint8Array({ minLength: 16, maxLength: 48 })
  .map((bytes) => Buffer.from(bytes.map((byte) => 33 + (byte % 94))));
const filler = fc
  .string({ unit: fc.constantFrom(...Array.from('ab{}":,\n %\\u00+=é')), maxLength: 60 })
  .map((text) => Buffer.from(text));

for (const [name, spell] of Object.entries(SPELLINGS)) {
  test(`an echo is redacted wherever it is cut (${name})`, () => {
    const data = Buffer.from(
      `{"echo":"${spell(Buffer.from(KEY), (index) => index * 7)}","after":1}`,
      'latin1',
    );
    checkBothWays(data, [target(KEY, { publicPrefixLength: 8 })], everywhere(data));
    checkBothWays(data, [target(KEY)], [[...data.keys()]]);
  });

  test(`any value, place and cutting (${name})`, () => {
    const picks = fc.array(fc.nat(1000), { minLength: 48, maxLength: 48 });
    fc.assert(
      fc.property(
        fc.oneof(utf8Value, randomValue),
        filler,
        filler,
        picks,
        cuts(),
        (value, before, after, pick, places) => {
          const echo = Buffer.from(
            spell(value, (index) => pick[index] ?? 0),
            'latin1',
          );
          const data = Buffer.concat([before, echo, after, echo, Buffer.from('.')]);
          const echoes = echoesIn(data, [target(value)]);
          const starts = echoes.filter(({ start }) => start >= before.length && start <= before.length + 4);
          expect(starts.length).toBeGreaterThan(0);
          const whole = scanChunks([target(value)], [data]);
          const parts = scanChunks([target(value)], cut(data, places));
          expect(complaintsAbout(data, whole.output, echoes, false)).toEqual([]);
          expect(complaintsAbout(data, parts.output, echoes, true)).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });
}

test('nine bytes of a random value pass and ten do not, in any cutting', () => {
  const secret = 'kT9vQ2mX7pL4sW8zR3nB6yH1';
  const targets = [target(`sk-proj-${secret}`, { publicPrefixLength: 8, fragments: true })];
  for (const length of [6, 9, 10, 20]) {
    for (let from = 0; from + length <= secret.length; from++) {
      const data = Buffer.from(`the key begins <sk-proj-${secret.slice(from, from + length)}> as you see`);
      for (let at = 0; at <= data.length; at++) {
        const { output, matches } = scanChunks(targets, cut(data, [at]));
        const left = output.toString().replaceAll('*', '').length;
        if (length < 10) expect([output.toString(), matches]).toEqual([data.toString(), []]);
        else expect(left).toBeLessThanOrEqual(data.length - length + 3);
        if (at === 0 && length >= 10) {
          expect(left).toBe(data.length - length);
          expect(matches).toEqual([{ targetId: 'ver_1', view: 'fragment', offset: 24, length }]);
        }
      }
    }
  }
});

test('fragments are redacted to their full extent and nothing else, in any cutting', () => {
  const value = Buffer.from('kT9vQ2mX7pL4sW8zR3nB6yH1-kT9vQ2mX7pZZ');
  const piece = fc
    .tuple(fc.nat(value.length), fc.nat(20))
    .map(([from, length]) => value.subarray(from, from + length).toString());
  const noise = fc.constantFrom('', ' ', 'k', 'T9v', '-kT', '1', 'x', '%6b', '\\u006b');
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, noise), { maxLength: 12 }), cuts(160), (parts, places) => {
      const data = Buffer.from(parts.join(''));
      const targets = [target(value, { fragments: true })];
      const echoes = echoesIn(data, targets);
      expect(complaintsAbout(data, scanChunks(targets, [data]).output, echoes, false)).toEqual([]);
      expect(complaintsAbout(data, scanChunks(targets, cut(data, places)).output, echoes, true)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('fragments are not looked for in phrases, short values, or unasked', () => {
  const cases: [string, boolean][] = [
    ['correct-horse-battery-staple', true],
    ['MyProductionPassword2024', true],
    ['kT9vQ2mX7pL4sW8', true],
    ['kT9vQ2mX7pL4sW8zR3nB6yH1', false],
  ];
  for (const [value, fragments] of cases) {
    const data = Buffer.from(`<${value.slice(1)}>`);
    expect(scanChunks([target(value, { fragments })], [data]).matches).toEqual([]);
  }
});

test('a partial echo at the very end is redacted when it is held', () => {
  const value = 'kT9vQ2mX7pL4sW8zR3nB6yH1';
  const { pieces, matches } = scanChunks(
    [target(value, { fragments: true })],
    [Buffer.from(`key=${value.slice(0, 12)}`)],
  );
  expect(pieces.map(String)).toEqual(['key=', '************']);
  expect(matches).toEqual([{ targetId: 'ver_1', view: 'fragment', offset: 4, length: 12 }]);
  const unasked = scanChunks([target(value)], [Buffer.from(`key=${value.slice(0, 12)}`)]);
  expect(unasked.pieces.map(String)).toEqual(['key=', value.slice(0, 12)]);
});

test('a value that begins another, and both back to back, are reported each under its id', () => {
  const targets = [target('abcdefghij', { id: 'short' }), target('abcdefghijklmnop', { id: 'long' })];
  const data = Buffer.from('abcdefghijklmnopabcdefghijabcdefghijX');
  for (let at = 0; at <= data.length; at++) {
    const { output, matches } = scanChunks(targets, cut(data, [at]));
    expect(output.toString().slice(3)).toMatch(/^\*+(?:abc|ab|a|)\*+(?:abc|ab|a|)\*+X$/);
    expect(matches.map(({ targetId, offset }) => `${targetId} ${offset}`).sort()).toEqual(
      ['long 0', 'short 0', 'short 16', 'short 26'].sort(),
    );
  }
});

test('an echo of a value that repeats itself is one match and wholly redacted', () => {
  const targets = [target('a'.repeat(24))];
  const { output, matches } = scanChunks(targets, [Buffer.from(`x${'a'.repeat(40)}x`)]);
  expect(output.toString()).toBe(`x${'*'.repeat(40)}x`);
  expect(matches).toEqual([{ targetId: 'ver_1', view: 'raw', offset: 1, length: 40 }]);
});

test('a JSON answer with a redacted echo is still JSON, wherever it is cut', () => {
  const echo = KEY.split('').map(escaped).join('');
  const data = Buffer.from(`{"echo":"${echo}"}`);
  for (let at = 0; at <= data.length; at++) {
    const { output } = scanChunks([target(KEY)], cut(data, [at]));
    expect(() => JSON.parse(output.toString())).not.toThrow();
  }
});

test('header texts are scanned in one piece each', () => {
  const table = buildScanTable([target(KEY)]);
  const matches: { view: string; length: number }[] = [];
  const echo = encodeURIComponent(KEY);
  const clean = ['location', 'no echo: ü', '', KEY.slice(0, 8), KEY.slice(8, 12)];
  expect(scanTexts(table, [...clean, `/next?key=${echo}&é`], (match) => matches.push(match))).toEqual([
    ...clean,
    `/next?key=${'*'.repeat(echo.length)}&é`,
  ]);
  expect(matches).toMatchObject([{ view: 'percent', length: echo.length }]);
});

test('a header text is redacted alike, whatever stands beside it', () => {
  const table = buildScanTable([target(KEY)]);
  const escapes = [KEY, encodeURIComponent(KEY), KEY.split('').map(escaped).join(''), btoa(KEY)];
  const piece = fc.oneof(
    fc.constantFrom(...escapes),
    fc.constantFrom('%', '%4', '+', '=', '"', '\\', '\\u', '\\ud83d', 'a'),
  );
  const text = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
      const scanned = scanTexts(table, texts, () => undefined);
      const alone = texts.map((one) => scanTexts(table, [one], () => undefined)[0]);
      expect(scanned).toEqual(alone);
    }),
    { numRuns: 2000 },
  );
});

test('among many values each is found as hex, wherever it stands', () => {
  const values = Array.from({ length: 200 }, (_, at) =>
    Buffer.from(`sk-${at}-${'q7Zx'.repeat(1 + (at % 5))}${at * 7919}`),
  );
  const table = buildScanTable(values.map((value, at) => ({ id: `ver_${at}`, value })));
  for (const [at, value] of values.entries()) {
    const hex = at % 2 === 0 ? value.toString('hex') : value.toString('hex').toUpperCase();
    const matches: unknown[] = [];
    const padding = '0123456789abcdef'.repeat(2).slice(0, at % 29);
    const [scanned] = scanTexts(table, [`${padding} ${hex} 12345678`], (match) => matches.push(match));
    expect(scanned).toBe(`${padding} ${'*'.repeat(hex.length)} 12345678`);
    expect(matches).toMatchObject([{ targetId: `ver_${at}`, view: 'hex', length: hex.length }]);
  }
});

test('a value that is a word is masked where it stands alone, wherever it is cut', () => {
  const targets = [target('admin', { isToken: true })];
  const cases: [string, string][] = [
    ['admin', '*****'],
    ['{"a":"admin"}', '{"a":"*****"}'],
    ['administrator admin. sysadmin admin-2 (admin)', 'administrator *****. sysadmin admin-2 (*****)'],
    ['a=%61dmin&b=%61dministrator', 'a=*******&b=%61dministrator'],
    ['x%20admin\\nadmin', 'x%20*****\\n*****'],
    ['&#97;dmin YWRtaW4= YWRtaW5pc3RyYXRvcg==', '********* *******= YWRtaW5pc3RyYXRvcg=='],
    ['éadmin admin', 'éadmin *****'],
  ];
  for (const [said, masked] of cases) {
    const data = Buffer.from(said);
    expect(scanChunks(targets, [data]).output.toString()).toBe(masked);
    for (let at = 0; at <= data.length; at++) {
      const { output } = scanChunks(targets, cut(data, [at]));
      const differs = [...output].filter((byte, index) => byte !== Buffer.from(masked)[index]);
      expect(differs.length).toBeLessThanOrEqual(3 * 6); // three bytes of the word, each as an escape
      expect(output.length).toBe(data.length);
    }
    expect(scanChunks(targets, cut(data, [...data.keys()])).output.toString()).not.toMatch(
      /(?<![\wé-])admin(?![\w-])/,
    );
  }
});
