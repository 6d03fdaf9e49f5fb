// The values of several versions of one secret, opened together: all that there are, or none.
import type { SecretBytes } from '../crypto/secret-bytes.ts';
import type { VersionRecord } from '../store/secrets.ts';
import type { Keyring } from './keyring.ts';
import { openValue, type VersionContext } from './secret-values.ts';

/** The value of every version that has one, or none of them: an opened one is wiped when another does not open. */
export function openValues(
  keyring: Keyring,
  records: readonly VersionRecord[],
  context: Omit<VersionContext, 'number'>,
): ReadonlyMap<string, SecretBytes> {
  const values = new Map<string, SecretBytes>();
  try {
    for (const record of records) {
      const { dekRecord, valueRecord, number } = record;
      if (dekRecord === null || valueRecord === null) continue;
      const sealed = { ...record, dekRecord, valueRecord };
      values.set(record.id, openValue(keyring, sealed, { ...context, number }));
    }
    return values;
  } catch (error) {
    for (const value of values.values()) value.dispose();
    throw error;
  }
}
