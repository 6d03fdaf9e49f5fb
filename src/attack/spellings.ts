// The forms in which an upstream may send its key back, and looking for a key in bytes in any of them.
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';

export interface Spelling {
  readonly name: string;
  /** Of the value as it would stand in a body. */
  readonly write: (value: string) => Buffer;
}

const text =
  (change: (value: string) => string): Spelling['write'] =>
  (value) =>
    Buffer.from(change(value));
const base64At = (shift: number) =>
  text((value) => Buffer.from('x'.repeat(shift) + value).toString('base64'));
const eachByte = (write: (hex: string, code: number) => string) =>
  text((value) =>
    [...Buffer.from(value)].map((code) => write(code.toString(16).padStart(2, '0'), code)).join(''),
  );

/** What every broker has to find. */
export const SPELLINGS: readonly Spelling[] = [
  { name: 'raw', write: text((value) => value) },
  { name: 'base64', write: base64At(0) },
  { name: 'base64 after one byte', write: base64At(1) },
  { name: 'base64 after two bytes', write: base64At(2) },
  { name: 'base64url', write: text((value) => Buffer.from(value).toString('base64url')) },
  { name: 'base64 in MIME lines', write: text((value) => mimeLines(Buffer.from(value).toString('base64'))) },
  { name: 'hex', write: eachByte((hex) => hex) },
  { name: 'hex in upper case', write: eachByte((hex) => hex.toUpperCase()) },
  { name: 'percent', write: eachByte((hex) => `%${hex}`) },
  { name: 'JSON escapes', write: eachByte((hex) => `\\u00${hex}`) },
];

/** What a thorough one finds, too. */
export const FURTHER_SPELLINGS: readonly Spelling[] = [
  { name: 'decimal entities', write: eachByte((_hex, code) => `&#${code};`) },
  { name: 'hexadecimal entities', write: eachByte((hex) => `&#x${hex};`) },
  { name: 'quoted-printable', write: eachByte((hex) => `=${hex.toUpperCase()}`) },
  { name: 'UTF-16LE', write: (value) => Buffer.from(value, 'utf16le') },
  { name: 'UTF-16BE', write: (value) => Buffer.from(value, 'utf16le').swap16() },
];

export const CODINGS: readonly { readonly name: string; readonly write: (bytes: Buffer) => Buffer }[] = [
  { name: 'gzip', write: (bytes) => gzipSync(bytes) },
  { name: 'br', write: (bytes) => brotliCompressSync(bytes) },
];

function mimeLines(base64: string): string {
  return base64.replaceAll(/.{16}/g, '$&\r\n');
}

/** Names of the forms of `value` that stand in `bytes`, or in what they are a compressed form of. */
export function formsIn(bytes: Buffer, value: string): readonly string[] {
  const views = [bytes, ...unpacked(bytes)];
  const needles = new Map<string, Buffer>();
  for (const { name, write } of [...SPELLINGS, ...FURTHER_SPELLINGS]) needles.set(name, write(value));
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.from('x'.repeat(shift) + value).toString('base64');
    // Without the characters that also depend on what stands beside the value.
    needles.set(`base64 at ${shift}`, Buffer.from(encoded.slice(shift === 0 ? 0 : 4, -4)));
  }
  return [...needles].flatMap(([name, needle]) =>
    views.some((view) => view.includes(needle)) ? [name] : [],
  );
}

/** The whole, and every part that begins where a body may begin, undone where it is compressed. */
function unpacked(bytes: Buffer): readonly Buffer[] {
  const start = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  const body = start === -1 ? bytes : bytes.subarray(start + 4);
  return [gunzipSync, inflateSync, brotliDecompressSync].flatMap((undo) => {
    try {
      return [undo(body)];
    } catch {
      return [];
    }
  });
}
