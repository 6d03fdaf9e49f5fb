// A slow reading of what the scanner promises, written apart from it: every echo that begins at any byte.
import * as fc from '../support/properties.ts';
import type { LeakMatch } from '../../src/core/leak-scan/findings.ts';
import type { ScanTarget } from '../../src/core/leak-scan/patterns.ts';
import { buildScanTable, createLeakScan } from '../../src/core/leak-scan/scanner.ts';

interface Echo {
  readonly target: string;
  readonly start: number;
  readonly end: number;
  /** Bytes before it may have left when chunk borders cut the echo. */
  readonly mayLeaveBefore: number;
  /** Whether a word goes on there is read both ways: it may be redacted, and need not be. */
  readonly isDoubtful?: boolean;
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

function spellings({ value, publicPrefixLength = 0, isToken = false }: ScanTarget): Spelling[] {
  const known = clamp(publicPrefixLength, value.length);
  const publicPart = value.subarray(0, known);
  const twice = Buffer.from(latin1(value), 'utf8');
  const list: Spelling[] = [
    { bytes: latin1(value), known },
    { bytes: latin1(twice), known: Buffer.from(latin1(publicPart), 'utf8').length },
  ];
  if (value.length >= 4) {
    for (const encoding of isToken ? [] : (['utf16le', 'utf16be'] as const)) {
      const bytes = latin1(utf16(value, encoding));
      const begin = bytes.slice(0, clamp(known * 2, bytes.length) + 4);
      list.push({ bytes, known: known * 2, isLiteral: begin.includes('\0') });
    }
    const hex = value.toString('hex');
    list.push({ bytes: hex, known: known * 2 }, { bytes: hex.toUpperCase(), known: known * 2 });
    for (const encoding of ['base64', 'base64url'] as const) {
      if (isToken) list.push({ bytes: value.toString(encoding).replace(/=+$/, ''), known: 0 });
      for (const alignment of isToken ? [] : [0, 1, 2]) {
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
  if (isBetween && ends === 1 && /\n|\\/.test(wrap[0])) return { bytes: '', length: wrap[0].length };
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
type EncodedView = keyof typeof UNITS;

/** What stands for nothing goes on only so far. */
const LONGEST_REST = 21;
const OVERLONG_REST = /(?:=[ \t]{0,8}\r?\n){2,}/g;

/** A text as one view reads it. */
class Reading {
  readonly text: string;
  readonly view: EncodedView;
  readonly #units: readonly Unit[];
  /** The byte that stands before each place, read from the beginning on; none within an escape. */
  readonly #before: (string | undefined)[] = [];

  constructor(text: string, view: EncodedView) {
    this.text = text;
    this.view = view;
    this.#units = Array.from(text, (letter, at) => {
      const unit = /[\w!.]/.test(letter) ? { bytes: letter, length: 1 } : UNITS[view](text, at);
      return { bytes: this.fold(unit.bytes), length: unit.length };
    });
    let before = '';
    for (let at = 0; at < text.length; ) {
      this.#before[at] = before;
      const { bytes, length } = this.unit(at);
      before = bytes.at(-1) ?? before;
      at += length;
    }
  }

  fold(bytes: string): string {
    return this.view === 'form' ? bytes.replaceAll('+', ' ') : bytes;
  }

  unit(at: number, rest = 0): Unit {
    const unit = this.#units[at] ?? { bytes: '', length: 1 };
    return unit.bytes === '' && rest + unit.length > LONGEST_REST
      ? { bytes: this.text[at] ?? '', length: 1 }
      : unit;
  }

  /** Whether no word goes on before a place, and behind another: surely, perhaps, or not. */
  standsAlone(start: number, end: number): 'yes' | 'perhaps' | 'no' {
    const { text } = this;
    let behind = '';
    for (let at = end; at < text.length && behind === ''; at += this.unit(at).length)
      behind = this.unit(at).bytes;
    const before = this.#before[start];
    const isClear = before !== undefined && text[start - 3] !== '\\' && text[start - 7] !== '\\';
    if (isClear && !isOfWord(before) && !isOfWord(behind)) return 'yes';
    return isOfWord(behind) && isOfWord(text[end] ?? '') ? 'no' : 'perhaps';
  }
}

const isOfWord = (letter: string) => /^[\w\x80-\uffff-]/.test(letter);

/** `skipped`: how many bytes of the first unit stand before the echo. */
function encodedEcho(reading: Reading, start: number, spelling: Spelling, isToken: boolean, skipped = 0) {
  const { text, view } = reading;
  const wanted = reading.fold(spelling.bytes);
  if (spelling.isLiteral === true) return undefined;
  if (view === 'wrapped' && (isToken || !/^[\w+/-]{8,}$/.test(wanted))) return undefined;
  let at = start;
  let decoded = '';
  let escapes = 0;
  let rest = 0;
  let isRough = false;
  let mayLeaveBefore = start;
  while (decoded.length < wanted.length && at < text.length) {
    const { bytes: whole, length } = reading.unit(at, rest);
    const bytes = at === start ? whole.slice(skipped) : whole;
    if (bytes === '' && decoded === '') return undefined;
    if (!wanted.startsWith(bytes.slice(0, wanted.length - decoded.length), decoded.length)) return undefined;
    isRough ||=
      view === 'form' && !isFormOf(text.slice(at, at + length), spelling.bytes[decoded.length] ?? '');
    decoded += bytes;
    rest = bytes === '' ? rest + length : 0;
    if (length > 1 || bytes === '' || (view === 'form' && text[at] === '+')) escapes++;
    at += length;
    if (decoded.length <= spelling.known + 3) mayLeaveBefore = at;
    // An escape of several bytes may have left but for its last character; of a pair only the first half.
    else if (decoded.length - bytes.length < spelling.known + 3 && bytes.length > 1)
      mayLeaveBefore = at - length + 5;
  }
  if (decoded.length < wanted.length) return undefined;
  const echo = { start, end: at, mayLeaveBefore, isDoubtful: isRough };
  if (!isToken) return escapes === 0 ? undefined : echo;
  const alone = reading.standsAlone(start, at);
  return alone === 'no' ? undefined : { ...echo, isDoubtful: isRough || alone === 'perhaps' };
}

/** A plus sign is a space, but no space is a plus sign: that the two are taken for the same is no promise. */
function isFormOf(written: string, letter: string): boolean {
  if (letter !== ' ' && letter !== '+') return true;
  const forms = letter === ' ' ? [' ', '+', '%20'] : ['+', '%2B', '%2b'];
  return forms.includes(written);
}

function fragmentEchoes(text: string, { id, value, publicPrefixLength = 0 }: ScanTarget): Echo[] {
  const secret = latin1(value.subarray(clamp(publicPrefixLength, value.length)));
  const echoes: Echo[] = [];
  for (let start = 0; start < text.length; start++) {
    for (let from = 0; from < secret.length; from++) {
      if (text[start] !== secret[from]) continue;
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
  const views = [readsForms ? 'form' : 'percent', 'json', 'html', 'quoted', 'wrapped'] as const;
  const isFiller = (letter: string | undefined) =>
    letter === '.' && !targets.some(({ value }) => value.includes('.'));
  const starts = Array.from(text, (letter, at) => (isFiller(letter) ? -1 : at)).filter((at) => at >= 0);
  const readings = views.map((view) => new Reading(text, view));
  const echoes = targets.flatMap((target) => {
    const { isToken = false } = target;
    const found = target.fragments === true ? fragmentEchoes(text, target) : [];
    for (const spelling of spellings(target)) {
      for (const start of starts) {
        const end = start + spelling.bytes.length;
        if (text.startsWith(spelling.bytes, start)) {
          const isPart = isToken && (isOfWord(text[start - 1] ?? '') || isOfWord(text[end] ?? ''));
          if (!isPart)
            found.push({ target: target.id, start, end, mayLeaveBefore: start + spelling.known + 3 });
        }
        for (const reading of readings) {
          const echo = encodedEcho(reading, start, spelling, isToken);
          if (echo !== undefined) found.push({ target: target.id, ...echo });
          for (let skipped = reading.unit(start).bytes.length - 1; skipped > 0; skipped--) {
            const inside = encodedEcho(reading, start, spelling, isToken, skipped);
            if (inside !== undefined) found.push({ target: target.id, ...inside, isDoubtful: true });
          }
        }
      }
    }
    return found;
  });
  return [...echoes, ...doubtfulRests(text)];
}

/** Where too much stands for nothing, it depends on where reading began what is left of it. */
function doubtfulRests(text: string): Echo[] {
  const runs = [...text.matchAll(OVERLONG_REST)].filter(([run]) => run.length > LONGEST_REST);
  const isDoubtful = runs.length > 0;
  return isDoubtful ? [{ target: '', start: 0, end: text.length, mayLeaveBefore: 0, isDoubtful }] : [];
}

interface Scanned {
  readonly output: Buffer;
  /** What each push gave, and last what the end gave. */
  readonly pieces: readonly Buffer[];
  readonly matches: readonly LeakMatch[];
}

/** One for the same targets, however often they are looked for. */
const tables = new WeakMap<readonly ScanTarget[], ReturnType<typeof buildScanTable>>();

export function scanChunks(targets: readonly ScanTarget[], chunks: readonly Buffer[]): Scanned {
  const matches: LeakMatch[] = [];
  const table = tables.get(targets) ?? buildScanTable(targets);
  tables.set(targets, table);
  const scan = createLeakScan(table, (match) => matches.push(match));
  const pieces = chunks.map((chunk) => Buffer.from(scan.push(chunk)));
  pieces.push(Buffer.from(scan.end()));
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
    if (echo.isDoubtful === true) continue;
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

/** Checks that each echo was told, and none twice. */
export function complaintsAboutMatches(echoes: readonly Echo[], matches: readonly LeakMatch[]): string[] {
  const complaints: string[] = [];
  for (const [index, one] of matches.entries()) {
    const end = one.offset + one.length;
    const isIn = (other: LeakMatch) =>
      other.targetId === one.targetId && other.offset <= one.offset && other.offset + other.length >= end;
    if (matches.slice(0, index).some(isIn)) complaints.push(`told twice: ${one.offset}–${end}`);
  }
  for (const echo of echoes) {
    if (echo.isDoubtful === true) continue;
    const mine = matches.filter(({ targetId }) => targetId === echo.target);
    for (let at = echo.start; at < echo.end; at++) {
      if (!mine.some(({ offset, length }) => offset <= at && at < offset + length))
        complaints.push(`byte ${at} of the echo at ${echo.start}–${echo.end} was not told`);
    }
    const isNear = ({ target, start, end }: Echo) =>
      target === '' || (target === echo.target && start < echo.end && end > echo.start);
    const isSame = ({ start, end, isDoubtful }: Echo) =>
      start === echo.start && end === echo.end && isDoubtful !== true;
    if (!echoes.filter(isNear).every(isSame)) continue;
    const told = mine.filter(({ offset, length }) => offset < echo.end && offset + length > echo.start);
    if (told.length !== 1)
      complaints.push(`the echo at ${echo.start}–${echo.end} was told ${told.length} times`);
  }
  return complaints;
}

export const cuts = (longest = 400) => fc.array(fc.nat(longest), { maxLength: 12 });
