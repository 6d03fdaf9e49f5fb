// The string values of a JSON text with their places, comments and trailing commas let through as editors do. Written
// here because no parser at hand says where a value stands.
import { decodeUtf8 } from './found-value.ts';

export interface JsonString {
  /** Names and indexes from the root. */
  readonly path: readonly string[];
  readonly value: string;
  /** Inside the quotes. */
  readonly start: number;
  readonly end: number;
  /** First byte of the quoted name it is given under; of itself in a list. */
  readonly memberStart: number;
}

const GAP = /(?:[ \t\r\n]+|\/\/[^\r\n]*|\/\*[^]*?\*\/)*/y;
// Unrolled, so that a long string is read in one pass and an unclosed one fails in one.
// Between the quotes: anything from the space on, but the quote and the backslash (RFC 8259 §7).
const STRING = /"([ !#-[\]-\uffff]*(?:\\["\\/bfnrtu][ !#-[\]-\uffff]*)*)"/y;
const ATOM = /(?:true|false|null|-?\d[\d.eE+-]*)/y;
const MAX_DEPTH = 100;

/** Thrown where the text is no JSON; `at` is where that shows. */
export class NotJson extends Error {
  readonly at: number;

  constructor(at: number) {
    super('not JSON');
    this.at = at;
  }
}

/** In the order they stand in. Throws NotJson. */
export function jsonStrings(text: string): JsonString[] {
  const strings: JsonString[] = [];
  const reader = { text, at: text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0, strings };
  readValue(reader, [], reader.at);
  take(reader, GAP);
  if (reader.at < text.length) throw new NotJson(reader.at);
  return strings;
}

interface Reader {
  readonly text: string;
  at: number;
  readonly strings: JsonString[];
}

function readValue(reader: Reader, path: readonly string[], memberStart: number | undefined): void {
  take(reader, GAP);
  if (path.length > MAX_DEPTH) throw new NotJson(reader.at);
  const from = reader.at;
  const opening = reader.text[from];
  if (opening === '{' || opening === '[') readMembers(reader, path, opening);
  else if (opening === '"') {
    const { raw, value } = readString(reader);
    reader.strings.push({
      path,
      value,
      start: from + 1,
      end: from + 1 + raw.length,
      memberStart: memberStart ?? from,
    });
  } else if (take(reader, ATOM) === undefined) throw new NotJson(from);
}

function readMembers(reader: Reader, path: readonly string[], opening: '{' | '['): void {
  const closing = opening === '{' ? '}' : ']';
  reader.at += 1;
  for (let index = 0; ; index += 1) {
    take(reader, GAP);
    if (reader.text[reader.at] === closing) break;
    const memberStart = reader.at;
    if (opening === '{') {
      const { value: name } = readString(reader);
      take(reader, GAP);
      if (reader.text[reader.at] !== ':') throw new NotJson(reader.at);
      reader.at += 1;
      readValue(reader, [...path, name], memberStart);
    } else readValue(reader, [...path, String(index)], undefined);
    take(reader, GAP);
    if (reader.text[reader.at] === ',') reader.at += 1;
    else if (reader.text[reader.at] !== closing) throw new NotJson(reader.at);
  }
  reader.at += 1;
}

function readString(reader: Reader): { readonly raw: string; readonly value: string } {
  const from = reader.at;
  const raw = take(reader, STRING)?.[1];
  if (raw === undefined) throw new NotJson(from);
  try {
    const value: unknown = JSON.parse(`"${decodeUtf8(raw)}"`);
    return { raw, value: String(value) };
  } catch {
    throw new NotJson(from);
  }
}

function take(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text) ?? undefined;
  if (found !== undefined) reader.at = pattern.lastIndex;
  return found;
}
