// The shapes with an index of their beginnings, made once and shared by all answers; and the judgement of one place.
import { isOfWord } from '../leak-scan/guessable.ts';
import { looksRandom } from '../leak-scan/looks-random.ts';
import { sameBytes } from '../leak-scan/same-bytes.ts';
import { shapeOfKeys } from './key-patterns.ts';
import { type CredentialShape, LETTERS } from './shape.ts';
import { SHAPES } from './shapes.ts';

/** Of a secret part that may have any length, enough to judge it. */
const DECIDED_AT = 128;
/** Between the name of a field and what stands in it. */
const MOST_BETWEEN = 10;
const FEWEST_DIFFERENT = 8;
/** No beginning is shorter. */
const SHORTEST = 4;
const BETWEEN = tableOf(' \t\r\n"\'\\:=>');
const SIGNS = tableOf(':=');

/** What stands at a beginning. `open`: more has to come before it is clear. */
export type Verdict =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly secretFrom: number }
  | {
      readonly kind: 'match';
      readonly id: string;
      readonly secretFrom: number;
      readonly end: number;
      /** All such characters that follow belong to it. */
      readonly goesOn: Uint8Array | undefined;
    };

interface Beginning {
  readonly bytes: Buffer;
  readonly shape: CredentialShape;
  readonly letters: Uint8Array;
  readonly length: number;
}

/** Our own shapes, and those of keys that the catalogue knows. */
export function shapeTable(keys: readonly { readonly id: string; readonly pattern: string }[]): ShapeTable {
  const known = SHAPES.flatMap(({ begins }) => begins);
  const further = keys
    .flatMap(({ id, pattern }) => shapeOfKeys(id, pattern) ?? [])
    .filter(({ begins }) =>
      begins.every((text) => !known.some((one) => text.startsWith(one) || one.startsWith(text))),
    );
  return new ShapeTable([...SHAPES, ...further]);
}

const NONE: Verdict = { kind: 'none' };

export class ShapeTable {
  readonly longestBeginning: number;
  readonly #beginnings: readonly Beginning[];
  /** A 1 for the first two bytes of each beginning, and for the next two; and which beginnings have the first. */
  readonly #pairs = new Uint8Array(0x1_0000);
  readonly #nextPairs = new Uint8Array(0x1_0000);
  readonly #byPair = new Map<number, number[]>();

  constructor(shapes: readonly CredentialShape[]) {
    const beginnings = shapes.flatMap((shape) =>
      shape.begins.map((text) => ({
        bytes: Buffer.from(text, 'latin1'),
        shape,
        letters: tableOf(LETTERS[shape.letters]),
        length: text.length,
      })),
    );
    this.#beginnings = beginnings;
    this.longestBeginning = Math.max(...beginnings.map(({ length }) => length));
    for (const [at, { bytes }] of beginnings.entries()) {
      const pair = bytes.readUInt16LE();
      this.#pairs[pair] = 1;
      this.#nextPairs[bytes.readUInt16LE(2)] = 1;
      this.#byPair.set(pair, [...(this.#byPair.get(pair) ?? []), at]);
    }
  }

  /** The beginnings in `data`, in order, as numbers for `judge`. */
  find(data: Buffer): { readonly start: number; readonly beginning: number }[] {
    const found: { start: number; beginning: number }[] = [];
    const pairs = this.#pairs;
    const nextPairs = this.#nextPairs;
    const last = data.length - SHORTEST;
    let first = data[0] ?? 0;
    for (let at = 0; at <= last; at++) {
      const second = data[at + 1] ?? 0;
      const pair = first | (second << 8);
      first = second;
      if (pairs[pair] !== 1) continue;
      if (nextPairs[(data[at + 2] ?? 0) | ((data[at + 3] ?? 0) << 8)] === 1)
        this.#compare(data, at, pair, found);
    }
    return found;
  }

  /** Whether a short Latin-1 text may hold a beginning: nearly none does, and for those there is no need of its bytes. */
  mayBegin(text: string): boolean {
    let first = text.charCodeAt(0);
    for (let at = 0; at <= text.length - SHORTEST; at++) {
      const second = text.charCodeAt(at + 1);
      const isPair = this.#pairs[first | (second << 8)] === 1;
      if (isPair && this.#nextPairs[text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 8)] === 1)
        return true;
      first = second;
    }
    return false;
  }

  #compare(data: Buffer, start: number, pair: number, found: { start: number; beginning: number }[]): void {
    for (const beginning of this.#byPair.get(pair) ?? []) {
      const { bytes, length } = this.#beginnings[beginning] ?? {};
      if (bytes === undefined || length === undefined || start + length > data.length) continue;
      if (sameBytes(data, start, bytes, { from: 0, length })) found.push({ start, beginning });
    }
  }

  /** `isLast`: nothing comes behind the data. */
  judge(
    data: Buffer,
    place: { readonly start: number; readonly beginning: number },
    isLast: boolean,
  ): Verdict {
    const beginning = this.#beginnings[place.beginning];
    if (beginning === undefined) return NONE;
    const { shape, letters, length } = beginning;
    const behind = place.start + length;
    if (shape.isField !== true && place.start > 0 && isOfWord(data[place.start - 1])) return NONE;
    const from = shape.isField === true ? fieldStart(data, behind) : behind;
    if (from === undefined) return NONE;
    const most = shape.most ?? DECIDED_AT;
    let end = from;
    while (end < data.length && end - from <= most && letters[data[end] ?? 0] === 1) end++;
    if (end === data.length && end - from <= most && !isLast) return { kind: 'open', secretFrom: from };
    if (end - from < shape.least || (shape.most !== undefined && end - from > most)) return NONE;
    if (!isCredible(shape, data, { start: place.start, from, end })) return NONE;
    const goesOn = shape.most === undefined ? letters : undefined;
    return { kind: 'match', id: shape.id, secretFrom: from, end, goesOn };
  }
}

/** Where what a field holds begins; the data's end where only signs have come so far. */
function fieldStart(data: Buffer, from: number): number | undefined {
  let at = from;
  let hasSign = false;
  while (at < data.length && BETWEEN[data[at] ?? 0] === 1) {
    hasSign ||= SIGNS[data[at] ?? 0] === 1;
    if (++at - from > MOST_BETWEEN) return undefined;
  }
  return hasSign || at === data.length ? at : undefined;
}

/** Examples in documentation are words, say that they are examples, or are one letter again and again. */
function isCredible(
  { letters, isField, check }: CredentialShape,
  data: Buffer,
  { start, from, end }: { readonly start: number; readonly from: number; readonly end: number },
): boolean {
  const secret = data.subarray(from, Math.min(end, from + DECIDED_AT));
  if (check !== undefined) {
    const match = check.exec(data.toString('latin1', start, end));
    return match !== null && (match[1] === undefined || looksRandom(Buffer.from(match[1], 'latin1')));
  }
  const hasDigit = letters === 'upper' || secret.some((byte) => byte >= 0x30 && byte <= 0x39);
  if (!hasDigit) return false;
  if (isField === true) return looksRandom(secret);
  return new Set(secret).size >= FEWEST_DIFFERENT && !/example/i.test(secret.toString('latin1'));
}

function tableOf(letters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(letters, 'latin1')) table[byte] = 1;
  return table;
}
