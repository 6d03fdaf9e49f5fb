// Row MACs: whoever can write to the database can delete or roll back a row that decides something, but not invent one.
import { canonicalJson, type JsonValue } from '../core/canonical-json.ts';
import { constantTimeEqual, hmacSha256 } from '../crypto/encoding.ts';
import type { Keyring } from './keyring.ts';

type Column = string | number | boolean | null | Date | Buffer | readonly string[] | object;

/** The rows under a MAC, each with every column that decides something. */
export type MacTable =
  | 'admin'
  | 'agent'
  | 'service'
  | 'service_grant'
  | 'run'
  | 'placeholder'
  | 'secret_fingerprint'
  | 'approval';

/** HMAC-SHA256 over the canonical JSON of the table's name and `columns`: moments as RFC 3339, bytes as hex. */
export function rowMac(keyring: Keyring, table: MacTable, columns: Readonly<Record<string, Column>>): Buffer {
  const text = canonicalJson({ table, row: toJson(columns) });
  return keyring.systemKey('row-mac').use((key) => hmacSha256(key, Buffer.from(text)));
}

export function rowMacMatches(
  keyring: Keyring,
  table: MacTable,
  columns: Readonly<Record<string, Column>>,
  mac: Buffer,
): boolean {
  return constantTimeEqual(rowMac(keyring, table, columns), mac);
}

function toJson(columns: Readonly<Record<string, Column>>): JsonValue {
  const row: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(columns)) {
    if (value instanceof Date) row[name] = value.toISOString();
    else if (Buffer.isBuffer(value)) row[name] = value.toString('hex');
    else row[name] = value as JsonValue; // the remaining columns are JSON already: text, numbers, jsonb
  }
  return row;
}
