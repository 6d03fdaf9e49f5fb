// Fingerprints of stored values: made when a value is stored, kept encrypted under a row MAC, opened into the memory of each
// replica. With the keys of the installation a value can be recognised by them, never read from them.
import { createWindows, WINDOW_KEY_BYTES } from '../core/fingerprints/window.ts';
import { formsOf } from '../core/fingerprints/forms.ts';
import { type FormMac, packPrints, type Print, printOf } from '../core/fingerprints/print.ts';
import { linesOf, secretPartsOf } from '../core/fingerprints/secret-parts.ts';
import { FingerprintTable } from '../core/fingerprints/table.ts';
import type { Id, IdSource } from '../core/ids.ts';
import { isMintedKind, type MintedKind } from '../core/material.ts';
import { AEADS } from '../crypto/aead.ts';
import { hmacSha256 } from '../crypto/encoding.ts';
import type { SecretBytes } from '../crypto/secret-bytes.ts';
import { MATERIALS } from '../providers/materials/registry.ts';
import type { FingerprintRow } from '../store/fingerprints.ts';
import { keyedHash } from './keyed-hash.ts';
import type { Keyring } from './keyring.ts';
import { fingerprintMacColumns } from './mac-columns.ts';
import { rowMac } from './row-mac.ts';

/** First byte of a record: how its values were read and hashed. Rows of another one are made anew. */
export const FINGERPRINT_FORMAT = 1;

const AEAD = AEADS[2];
const MAX_PRINTS = 512;

interface Printed {
  readonly vaultId: Id<'vlt'>;
  readonly versionId: Id<'ver'>;
  readonly secretId: Id<'sec'>;
  readonly credentialKind: string;
  readonly isDecoy: boolean;
  readonly changedEpoch: bigint;
}

/** The row to be stored beside the version that the value is of. */
export function fingerprintRow(
  deps: { readonly keyring: Keyring; readonly ids: IdSource },
  { credentialKind, ...columns }: Printed,
  value: SecretBytes,
): FingerprintRow {
  const { keyring, ids } = deps;
  const windows = windowsOf(keyring);
  const formMac = formMacOf(keyring);
  const parts = value.use((bytes) => partsOf(credentialKind, Buffer.from(bytes)));
  const prints = new Map<string, Print>();
  for (const part of parts) {
    for (const form of formsOf(part)) {
      const print = printOf(windows, formMac, form);
      if (prints.size < MAX_PRINTS) prints.set(print.mac, print);
      form.bytes.fill(0);
    }
    part.fill(0);
  }
  const record = encrypt(
    keyring,
    columns,
    packPrints([...prints.values()]),
    ids.randomness.bytes(AEAD.nonceBytes),
  );
  const row = { ...columns, record, removedAt: null };
  const mac = rowMac(keyring, 'secret_fingerprint', fingerprintMacColumns(row));
  return { ...row, mac, createdAt: ids.clock.now() };
}

/** Where they are looked up. */
export function createFingerprintTable(keyring: Keyring): FingerprintTable {
  return new FingerprintTable(windowsOf(keyring), formMacOf(keyring));
}

/** As the table takes them. Throws where the record does not open. */
export function openFingerprints(keyring: Keyring, row: FingerprintRow): Buffer {
  const { record } = row;
  if (record[0] !== FINGERPRINT_FORMAT) return Buffer.alloc(0); // one of another version: the job makes it anew
  const nonce = record.subarray(1, 1 + AEAD.nonceBytes);
  const { key, aad } = keyAndContext(keyring, row);
  return AEAD.decrypt({ key, nonce, aad }, record.subarray(1 + AEAD.nonceBytes));
}

function encrypt(
  keyring: Keyring,
  row: Pick<FingerprintRow, 'vaultId' | 'versionId'>,
  packed: Buffer,
  nonce: Buffer,
): Buffer {
  const { key, aad } = keyAndContext(keyring, row);
  return Buffer.concat([Buffer.of(FINGERPRINT_FORMAT), nonce, AEAD.encrypt({ key, nonce, aad }, packed)]);
}

/** A key for each row, so that no two records share one; what else belongs to the row is under its MAC. */
function keyAndContext(
  keyring: Keyring,
  { vaultId, versionId }: Pick<FingerprintRow, 'vaultId' | 'versionId'>,
) {
  const key = keyedHash(keyring, ['fingerprint-record', FINGERPRINT_FORMAT, vaultId, versionId]);
  return { key, aad: Buffer.from(`fingerprint ${FINGERPRINT_FORMAT} ${vaultId} ${versionId}`) };
}

function windowsOf(keyring: Keyring) {
  return createWindows(keyedHash(keyring, ['fingerprint-windows']).subarray(0, WINDOW_KEY_BYTES));
}

function formMacOf(keyring: Keyring): FormMac {
  const key = keyedHash(keyring, ['fingerprint-forms']);
  return (bytes) => hmacSha256(key, bytes);
}

function partsOf(kind: string, value: Buffer): Buffer[] {
  return isMintedKind(kind) ? fieldsOf(kind, value) : secretPartsOf(value);
}

function fieldsOf(kind: MintedKind, value: Buffer): Buffer[] {
  const material = MATERIALS[kind];
  const fields = material.parse(value);
  return material.secretFields.flatMap((name) => {
    const content = fields[name];
    return typeof content === 'string' ? linesOf(content) : [];
  });
}
