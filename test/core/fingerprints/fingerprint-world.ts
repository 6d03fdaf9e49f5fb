// A vault of made-up values as a look-up sees it, without a database: fixed keys, and the same values in every run.
import { createHmac } from 'node:crypto';
import { formsOf } from '../../../src/core/fingerprints/forms.ts';
import type { Hit, LookupParts } from '../../../src/core/fingerprints/lookup.ts';
import { Lookup } from '../../../src/core/fingerprints/lookup.ts';
import { packPrints, printOf, type FormMac } from '../../../src/core/fingerprints/print.ts';
import { secretPartsOf } from '../../../src/core/fingerprints/secret-parts.ts';
import { FingerprintTable } from '../../../src/core/fingerprints/table.ts';
import { createWindows, WINDOW_KEY_BYTES } from '../../../src/core/fingerprints/window.ts';
import type { Id } from '../../../src/core/ids.ts';

export const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The same numbers in every run. */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

export function randomText(next: () => number, length: number, letters = LETTERS): string {
  return Array.from({ length }, () => letters[next() % letters.length]).join('');
}

const formMac: FormMac = (bytes) => createHmac('sha256', 'a key').update(bytes).digest();

function windowKey(): Buffer {
  const next = numbersFrom(3);
  return Buffer.from(Array.from({ length: WINDOW_KEY_BYTES }, () => next() & 0xff));
}

export function tableOf(values: readonly string[], decoys: readonly string[] = []): FingerprintTable {
  const windows = createWindows(windowKey());
  const table = new FingerprintTable(windows, formMac);
  for (const [index, value] of [...values, ...decoys].entries()) {
    const forms = secretPartsOf(Buffer.from(value)).flatMap((part) => formsOf(part));
    const prints = forms.map((form) => printOf(windows, formMac, form));
    table.set(ownerAt(index, index >= values.length), packPrints(prints));
  }
  return table;
}

export function ownerAt(index: number, isDecoy = false) {
  return {
    versionId: `ver_${index}` as Id<'ver'>, // nothing of the look-up reads an id
    secretId: `sec_${index}` as Id<'sec'>,
    isDecoy,
  };
}

export interface LookedThrough {
  readonly hit: Hit | undefined;
  /** What had gone on by then. */
  readonly sent: Buffer;
}

/** Pushes pieces until something is found. */
export function lookThrough(parts: LookupParts, pieces: readonly Buffer[]): LookedThrough {
  const lookup = new Lookup(parts);
  const sent: Buffer[] = [];
  for (const piece of [...pieces, undefined]) {
    const found = piece === undefined ? lookup.end() : lookup.push(piece);
    if (!Buffer.isBuffer(found)) return { hit: found, sent: Buffer.concat(sent) };
    sent.push(Buffer.from(found));
  }
  return { hit: undefined, sent: Buffer.concat(sent) };
}

export function bytewise(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (byte) => Buffer.of(byte));
}
