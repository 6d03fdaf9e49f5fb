// A slow reading of what the scanner promises, written apart from it: every echo that begins at any byte.
import * as fc from 'fast-check';
import type { LeakMatch } from '../../src/core/leak-scan/findings.ts';
import type { ScanTarget } from '../../src/core/leak-scan/patterns.ts';
import { buildScanTable, createLeakScan } from '../../src/core/leak-scan/scanner.ts';

interface Echo {
  readonly target: string;
  readonly start: number;
  readonly end: number;
  /** Bytes before it may have left when chunk borders cut the echo. */
  readonly mayLeaveBefore: number;
}

interface Spelling {
  readonly bytes: string;
  readonly known: number;
  /** Not looked for through another encoding. */
  readonly isLiteral?: boolean;
}

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const clamp = (known: number, length: number) => Math.max(0, Math.min(known, length - 4));

/** The characters of base64 that stay the same whatever stands before and behind the value. */
function stableBase64(value: Buffer, alignment: number, encoding: 'base64' | 'base64url'): string {
  const [one, other] = [0x00, 0xff].map((fill) =>
    Buffer.concat([Buffer.alloc(alignment, fill), value, Buffer.alloc(3, fill)]).toString(encoding),
  );
  const characters = (one ?? '').split('').slice(0, Math.ceil(((alignment + value.length) * 8) / 6));
  return characters.filter((character, index) => character === other?.[index]).join('');
}

function spellings({ value, publicPrefixLength = 0 }: ScanTarget): Spelling[] {
  const known = clamp(publicPrefixLength, value.length);
  const publicPart = value.subarray(0, known);
  const twice = Buffer.from(latin1(value), 'utf8');
  const list: Spelling[] = [
    { bytes: latin1(value), known },
    { bytes: latin1(twice), known: Buffer.from(latin1(publicPart), 'utf8').length },
  ];
  if (value.length >= 4) {
    for (const encoding of ['utf16le', 'utf16be'] as const) {
      const bytes = latin1(utf16(value, encoding));
      list.push({ bytes, known: known * 2, isLiteral: bytes.includes('\0') });
    }
    const hex = value.toString('hex');
    list.push({ bytes: hex, known: known * 2 }, { bytes: hex.toUpperCase(), known: known * 2 });
    for (const encoding of ['base64', 'base64url'] as const) {
      for (const alignment of [0, 1, 2]) {
        const bytes = stableBase64(value, alignment, encoding);
        if (bytes.length >= 4)
          list.push({ bytes, known: stableBase64(publicPart, alignment, encoding).length });
      }
    }
  }
  return list.map((one) => ({ ...one, known: clamp(one.known, one.bytes.length) }));
}

/** A value's text, or each of its bytes where it is none, in UTF-16 without the zero bytes at both ends. */
export function utf16(value: Buffer, encoding: 'utf16le' | 'utf16be'): Buffer {
  const text = Buffer.from(value.toString('utf8')).equals(value)
    ? value.toString('utf8')
    : value.toString('latin1');
  const bytes = Buffer.from(text, 'utf16le');
  if (encoding === 'utf16be') bytes.swap16();
  if (!/^[\0-\xff]*$/.test(text)) return bytes;
  return encoding === 'utf16le' ? bytes.subarray(0, -1) : bytes.subarray(1);
}

interface Unit {
  readonly bytes: string;
  readonly length: number;
}

function percentUnit(text: string, at: number): Unit {
  const escape = /^%[0-9a-f]{2}/i.exec(text.slice(at, at + 3));
  if (escape !== null)
    return { bytes: String.fromCharCode(Number.parseInt(escape[0].slice(1), 16)), length: 3 };
  return { bytes: text[at] ?? '', length: 1 };
}

function jsonUnit(text: string, at: number): Unit {
  const pattern =
    /^\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|["\\/bfnrt])/;
  const escape = pattern.exec(text.slice(at, at + 12));
  if (escape === null) return { bytes: text[at] ?? '', length: 1 };
  const meaning: string = JSON.parse(`"${escape[0]}"`);
  const lone = /^[\ud800-\udfff]$/.test(meaning);
  return {
    bytes: lone ? '\uffff\uffff\uffff' : latin1(Buffer.from(meaning, 'utf8')),
    length: escape[0].length,
  };
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  sol: '/',
};

function htmlUnit(text: string, at: number): Unit {
  const near = text.slice(at, at + 24);
  const number = /^&#(?:[xX]([0-9a-fA-F]+)|([0-9]+))/.exec(near);
  const code =
    number === null
      ? Number.NaN
      : Number.parseInt(number[1] ?? number[2] ?? '', number[1] === undefined ? 10 : 16);
  if (number !== null && code <= 0x10ffff) {
    const length = number[0].length + (text[at + number[0].length] === ';' ? 1 : 0);
    const isLone = code >= 0xd800 && code <= 0xdfff;
    const bytes = isLone ? '\uffff\uffff\uffff' : latin1(Buffer.from(String.fromCodePoint(code), 'utf8'));
    return { bytes, length };
  }
  const name = /^&(?:(amp|lt|gt|quot);?|(apos|sol);)/.exec(near);
  if (name === null) return { bytes: text[at] ?? '', length: 1 };
  return { bytes: NAMED[name[1] ?? name[2] ?? ''] ?? '', length: name[0].length };
}

function quotedUnit(text: string, at: number): Unit {
  const wrap = /^=[ \t]{0,8}\r?\n/.exec(text.slice(at, at + 12));
  if (wrap !== null) return { bytes: '', length: wrap[0].length };
  const escape = /^=[0-9a-f]{2}/i.exec(text.slice(at, at + 3));
  if (escape === null) return { bytes: text[at] ?? '', length: 1 };
  return { bytes: String.fromCharCode(Number.parseInt(escape[0].slice(1), 16)), length: 3 };
}

function wrappedUnit(text: string, at: number): Unit {
  const wrap = /^(?=[ \t]*(?:\r|\n|\\r|\\n))(?:[ \t\r\n]|\\[nr])+/.exec(text.slice(at, at + 40));
  const ends = wrap?.[0]
    .replaceAll('\\n', '\n')
    .replaceAll('\\r', '\r')
    .match(/\r\n|\r|\n/g)?.length;
  const isBetween =
    wrap !== null &&
    /[\w+/-]/.test(text[at - 1] ?? '') &&
    /[\w+/-]/.test(text[at + wrap[0].length] ?? '') &&
    wrap[0].length <= 16;
  if (isBetween && ends === 1) return { bytes: '', length: wrap[0].length };
  return { bytes: text[at] ?? '', length: 1 };
}

const UNITS = {
  percent: percentUnit,
  form: percentUnit,
  json: jsonUnit,
  html: htmlUnit,
  quoted: quotedUnit,
  wrapped: wrappedUnit,
};

function encodedEcho(text: string, start: number, spelling: Spelling, view: keyof typeof UNITS) {
  const fold = (bytes: string) => (view === 'form' ? bytes.replaceAll('+', ' ') : bytes);
  const wanted = fold(spelling.bytes);
  if (spelling.isLiteral === true) return undefined;
  if (view === 'wrapped' && !/^[\w+/-]{8,}$/.test(wanted)) return undefined;
  const unitAt = UNITS[view];
  let at = start;
  let decoded = '';
  let escapes = 0;
  let mayLeaveBefore = start;
  while (decoded.length < wanted.length && at < text.length) {
    const unit = unitAt(text, at);
    const bytes = fold(unit.bytes);
    if (bytes === '' && decoded === '') return undefined;
    if (!wanted.startsWith(bytes.slice(0, wanted.length - decoded.length), decoded.length)) return undefined;
    decoded += bytes;
    if (unit.length > 1 || bytes === '' || (view === 'form' && text[at] === '+')) escapes++;
    at += unit.length;
    if (decoded.length <= spelling.known + 3) mayLeaveBefore = at;
    // An escape of several bytes may have left but for its last character; of a pair only the first half.
    else if (decoded.length - bytes.length < spelling.known + 3 && bytes.length > 1)
      mayLeaveBefore = at - unit.length + 5;
  }
  if (decoded.length < wanted.length || escapes === 0) return undefined;
  return { start, end: at, mayLeaveBefore };
}

function fragmentEchoes(text: string, { id, value, publicPrefixLength = 0 }: ScanTarget): Echo[] {
  const secret = latin1(value.subarray(clamp(publicPrefixLength, value.length)));
  const echoes: Echo[] = [];
  for (let start = 0; start < text.length; start++) {
    for (let from = 0; from < secret.length; from++) {
      if (start > 0 && from > 0 && text[start - 1] === secret[from - 1]) continue;
      let length = 0;
      while (start + length < text.length && from + length < secret.length) {
        if (text[start + length] !== secret[from + length]) break;
        length++;
      }
      if (length >= 10) echoes.push({ target: id, start, end: start + length, mayLeaveBefore: start + 3 });
    }
  }
  return echoes;
}

/** Every echo of the targets in `data`. */
export function echoesIn(data: Buffer, targets: readonly ScanTarget[]): Echo[] {
  const text = latin1(data);
  const readsForms = targets.some((target) => spellings(target).some(({ bytes }) => bytes.includes(' ')));
  return targets.flatMap((target) => {
    const echoes = target.fragments === true ? fragmentEchoes(text, target) : [];
    for (const spelling of spellings(target)) {
      for (let start = 0; start < text.length; start++) {
        if (text.startsWith(spelling.bytes, start)) {
          const end = start + spelling.bytes.length;
          echoes.push({ target: target.id, start, end, mayLeaveBefore: start + spelling.known + 3 });
        }
        for (const view of [readsForms ? 'form' : 'percent', 'json', 'html', 'quoted', 'wrapped'] as const) {
          const echo = encodedEcho(text, start, spelling, view);
          if (echo !== undefined) echoes.push({ target: target.id, ...echo });
        }
      }
    }
    return echoes;
  });
}

interface Scanned {
  readonly output: Buffer;
  /** What each push gave, and last what the end gave. */
  readonly pieces: readonly Buffer[];
  readonly matches: readonly LeakMatch[];
}

export function scanChunks(targets: readonly ScanTarget[], chunks: readonly Buffer[]): Scanned {
  const matches: LeakMatch[] = [];
  const table = buildScanTable(targets);
  const scan = createLeakScan(table, (match) => matches.push(match));
  const pieces = chunks.map((chunk) => Buffer.from(scan.push(chunk)));
  pieces.push(Buffer.from(scan.end()));
  table.dispose();
  return { output: Buffer.concat(pieces), pieces, matches };
}

/** Cuts at the given shares of the length, in any order. */
export function cut(data: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...places].sort((one, other) => one - other);
  const borders = [0, ...sorted.map((place) => Math.min(place, data.length)), data.length];
  return borders.slice(1).map((end, index) => data.subarray(borders[index], end));
}

/** Checks one output against what the slow reading found. */
export function complaintsAbout(
  data: Buffer,
  output: Buffer,
  echoes: readonly Echo[],
  isCut: boolean,
): string[] {
  const complaints = output.length === data.length ? [] : [`length ${output.length}, not ${data.length}`];
  const mayChange = new Set<number>();
  for (const echo of echoes) {
    for (let at = echo.start; at < echo.end; at++) mayChange.add(at);
    const from = isCut ? Math.min(echo.mayLeaveBefore, echo.end) : echo.start;
    for (let at = from; at < echo.end; at++) {
      if (output[at] !== 0x2a) complaints.push(`byte ${at} of the echo at ${echo.start}–${echo.end} left`);
    }
  }
  for (const [at, byte] of output.entries()) {
    if (byte !== data[at] && byte !== 0x2a) complaints.push(`byte ${at} was changed to ${byte}`);
    if (byte !== data[at] && !mayChange.has(at)) complaints.push(`byte ${at} was redacted without an echo`);
  }
  return complaints;
}

export const cuts = (longest = 400) => fc.array(fc.nat(longest), { maxLength: 12 });
