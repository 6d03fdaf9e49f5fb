// The value of a secret as its kind wants it, checked before it is stored: one opaque value, or the JSON text of its fields.
import { isMintedKind } from '../core/material.ts';
import { SecretBytes } from '../crypto/secret-bytes.ts';
import { MATERIALS } from '../providers/materials/registry.ts';

/** What is to be stored in place of `value`, which is wiped. Throws `invalid-input` naming the field, never its content. */
export function checkedMaterial(kind: string, value: SecretBytes): SecretBytes {
  if (!isMintedKind(kind)) return value;
  try {
    const fields = value.use((bytes) => MATERIALS[kind].parse(bytes));
    return SecretBytes.take(Buffer.from(JSON.stringify(fields)));
  } finally {
    value.dispose();
  }
}
