// The fingerprint of one form: enough to find it in a stream and to be sure, and nothing that it could be read from. Packed
// for its row: bound 1 | length 2 | starts 2, 2, 4, 4 | ends 4 × 4 | MAC 16.
import type { Form } from './forms.ts';
import { pairAt, shortHash, type Windows, wordAt } from './window.ts';

export interface Print {
  readonly isBounded: boolean;
  readonly length: number;
  /** Hashes of how it begins, after one, two, four and eight bytes: what is held back until more is known. */
  readonly start1: number;
  readonly start2: number;
  readonly start4: number;
  readonly start8: number;
  /**
   * Hashes of its last eight bytes, and of those before the last one, two and three: of any four places in a row a search
   * looks at one. Of four bytes each where it is short.
   */
  readonly ends: readonly number[];
  /** Keyed, over all of it. */
  readonly mac: string;
}

/** A keyed hash of a form, of at least 16 bytes. */
export type FormMac = (bytes: Buffer) => Buffer;

/** How far apart the places are that a search looks at. */
export const STRIDE = 4;
/** Forms that hold no eight bytes at each of those places are looked for by four. */
export const MIN_LONG_BYTES = 8 + STRIDE - 1;

const PACKED_BYTES = 47;
const MAC_BYTES = 16;
const ENDS_AT = 15;
const MAC_AT = 31;

export function printOf(windows: Windows, formMac: FormMac, { bytes, isBounded }: Form): Print {
  const { length } = bytes;
  const end = (skew: number) =>
    length >= MIN_LONG_BYTES
      ? pairAt(windows, bytes, length - skew - 8)
      : wordAt(windows, bytes, length - skew - 4);
  return {
    isBounded,
    length,
    start1: shortHash(windows, bytes, 0, 1),
    start2: shortHash(windows, bytes, 0, 2),
    start4: wordAt(windows, bytes, 0),
    start8: pairAt(windows, bytes, 0),
    ends: Array.from({ length: STRIDE }, (_, skew) => end(skew)),
    mac: macText(formMac(bytes)),
  };
}

/** As prints carry it. */
export function macText(mac: Buffer): string {
  return mac.toString('latin1', 0, MAC_BYTES);
}

export function packPrints(prints: readonly Print[]): Buffer {
  const packed = Buffer.alloc(prints.length * PACKED_BYTES);
  for (const [index, print] of prints.entries()) {
    const at = index * PACKED_BYTES;
    packed.writeUInt8(print.isBounded ? 1 : 0, at);
    packed.writeUInt16BE(print.length, at + 1);
    packed.writeUInt16BE(print.start1, at + 3);
    packed.writeUInt16BE(print.start2, at + 5);
    packed.writeInt32BE(print.start4, at + 7);
    packed.writeInt32BE(print.start8, at + 11);
    for (const [skew, end] of print.ends.entries()) packed.writeInt32BE(end, at + ENDS_AT + skew * 4);
    packed.write(print.mac, at + MAC_AT, MAC_BYTES, 'latin1');
  }
  return packed;
}

/** Throws on anything that `packPrints` did not make. */
export function* parsePrints(packed: Buffer): Generator<Print> {
  if (packed.length % PACKED_BYTES !== 0) throw new SyntaxError('no fingerprints');
  for (let at = 0; at < packed.length; at += PACKED_BYTES) {
    yield {
      isBounded: packed.readUInt8(at) === 1,
      length: packed.readUInt16BE(at + 1),
      start1: packed.readUInt16BE(at + 3),
      start2: packed.readUInt16BE(at + 5),
      start4: packed.readInt32BE(at + 7),
      start8: packed.readInt32BE(at + 11),
      ends: [0, 4, 8, 12].map((skew) => packed.readInt32BE(at + ENDS_AT + skew)),
      mac: packed.toString('latin1', at + MAC_AT, at + PACKED_BYTES),
    };
  }
}
