// What earlier imports did, as digests only: which placeholders they wrote into files, and as which secrets they stored
// which keys. A placeholder is random, so its plain digest says nothing; a key's is keyed with the owner credential, so
// that whoever copies this file alone can not try keys against it.
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makePrivateDirectory, writeWhole } from './private-files.ts';

const Ledger = z.strictObject({
  placeholders: z.array(z.string()),
  /** Keyed digest → id of the secret. */
  keys: z.record(z.string(), z.string()),
});
type Ledger = z.output<typeof Ledger>;

const EMPTY: Ledger = { placeholders: [], keys: {} };

export function importDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'import');
}

/** A ledger that can not be read is as good as none: all it saves is asking twice. */
export async function readLedger(dataDirectory: string): Promise<Ledger> {
  try {
    const text = await readFile(pathIn(dataDirectory), 'utf8');
    return Ledger.parse(JSON.parse(text));
  } catch {
    return EMPTY;
  }
}

/** Adds to what is there. */
export async function extendLedger(dataDirectory: string, more: Partial<Ledger>): Promise<void> {
  const known = await readLedger(dataDirectory);
  const placeholders = [...new Set([...known.placeholders, ...(more.placeholders ?? [])])];
  const keys = { ...known.keys, ...more.keys };
  await makePrivateDirectory(importDirectory(dataDirectory));
  await writeWhole(pathIn(dataDirectory), JSON.stringify({ placeholders, keys }));
}

/** What a placeholder stands for in the ledger. */
export function placeholderDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What makes two keys the same one: the value, and where it goes. */
export interface KeyIdentity {
  readonly service: string;
  readonly baseUrl: string;
  readonly value: string;
}

/** A function from a key to what it stands for in the ledger. */
export function keyDigest(ownerCredential: string): (key: KeyIdentity) => string {
  const key = Buffer.from(hkdfSync('sha256', ownerCredential, '', 'doorward import ledger', 32));
  return ({ service, baseUrl, value }) =>
    createHmac('sha256', key)
      .update(JSON.stringify([service, baseUrl, value]))
      .digest('base64url');
}

const DOORWARD_PLACEHOLDER = /^dw_(?:run|placeholder)_[A-Za-z0-9_-]{20,}$/;

/** Whether a value is a placeholder: of our own form, or one that an import wrote. */
export function placeholderTest(ledger: Ledger): (value: string) => boolean {
  const known = new Set(ledger.placeholders);
  return (value) =>
    DOORWARD_PLACEHOLDER.test(value) || (known.size > 0 && known.has(placeholderDigest(value)));
}

function pathIn(dataDirectory: string): string {
  return join(importDirectory(dataDirectory), 'ledger.json');
}
