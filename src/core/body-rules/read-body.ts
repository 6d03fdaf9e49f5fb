// The JSON of a body that a rule decides by: read so strictly that what is sent on, our own writing of it, means the same to
// every reader.
import { Problem } from '../problem.ts';
import { parseStrictJson } from '../strict-json.ts';

/** Security rule of bodies: deeper ones are not decided. */
const MAX_DEPTH = 64;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** Numbers of up to 15 digits are exact everywhere (IEEE 754); strings may look like others and are told apart then. */
const MAY_BE_INEXACT = /[\d.]{16}|\d[eE]/;

export interface RuledBody {
  /** The values of every content-type header. */
  readonly contentTypes: readonly string[];
  /** It has a content coding. */
  readonly isCoded: boolean;
  readonly bytes: Buffer;
}

export type ReadBody = { readonly value: unknown } | { readonly refusal: string };

export function readBody({ contentTypes, isCoded, bytes }: RuledBody): ReadBody {
  const [contentType = '', ...others] = contentTypes;
  const isJson = /^application\/json(?:\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i.test(contentType.trim());
  if (!isJson || others.length > 0) return { refusal: 'its content type is not application/json' };
  if (isCoded) return { refusal: 'it has a content coding' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { refusal: 'it is not UTF-8' };
  }
  try {
    const value = parseStrictJson(text, MAX_DEPTH);
    return hasExactNumbers(text)
      ? { value }
      : { refusal: 'it holds a number of more digits than all readers keep' };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { refusal: (error.detail ?? '').replace(/^The body /, 'it ').replace(/\.$/, '') };
  }
}

/** Our own writing of a body that `readBody` reads. */
export function rewriteJson(bytes: Buffer): Buffer {
  return Buffer.from(JSON.stringify(JSON.parse(bytes.toString())));
}

/** Whether no number means more here than in a reader with other numbers. */
function hasExactNumbers(json: string): boolean {
  if (!MAY_BE_INEXACT.test(json)) return true;
  for (const [token] of json.matchAll(STRING_OR_NUMBER)) {
    if (!token.startsWith('"') && decimal(token) !== decimal(String(Number(token)))) return false;
  }
  return true;
}

/** One text for each value: digits without zeros at either end, and an exponent. */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return whole === '' ? text : '0';
  return `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined: it is no object. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject) // parsed JSON that is no array has members by name
    : undefined;
}

/** Whether each of its members has one of these names, letter for letter: some readers take `Method` for `method`. */
export function hasOnly(object: JsonObject, names: readonly string[]): boolean {
  return Object.keys(object).every((name) => names.includes(name));
}

/** Names that some readers take for one of `names`, and that are not it: they do not tell cases apart. */
export function hasLookalike(object: JsonObject, names: readonly string[]): boolean {
  const known = new Set(names);
  const folded = new Set(names.map(fold));
  return Object.keys(object).some((name) => !known.has(name) && folded.has(fold(name)));
}

/** Letters that are one after case is folded, `ſ` and `s` and the Kelvin sign and `k` among them. */
export function fold(text: string): string {
  return text.toUpperCase().toLowerCase();
}
