// Values at rest: one fresh DEK per version, sealed with where the value may be sent. Padded, bound to their row.
import { type Id, type IdSource, newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { dekAad, valueAad } from '../crypto/aad.ts';
import { padTo64, unpad } from '../crypto/encoding.ts';
import { openEnvelope, sealEnvelope } from '../crypto/envelope.ts';
import { SecretBytes } from '../crypto/secret-bytes.ts';
import type { Keyring } from './keyring.ts';

export const MAX_VALUE_BYTES = 65_536;

/** What a version's keys are bound to, besides its own ids. */
export interface VersionContext {
  readonly vaultId: Id<'vlt'>;
  readonly secretId: Id<'sec'>;
  readonly number: number;
  readonly credentialKind: string;
  /** SHA-256 of the destinations. */
  readonly binding: Buffer;
}

export interface SealedVersion {
  readonly dekId: Id<'dek'>;
  readonly kekId: Id<'kek'>;
  readonly kekGeneration: number;
  readonly dekRecord: Buffer;
  readonly valueRecord: Buffer;
}

export function sealValue(
  deps: { keyring: Keyring; ids: IdSource },
  context: VersionContext,
  value: SecretBytes,
): SealedVersion {
  const { randomness } = deps.ids;
  const dekId = newId(deps.ids, 'dek');
  const dek = SecretBytes.take(randomness.bytes(32));
  try {
    const valueRecord = value.use((bytes) => {
      const plaintext = padTo64(bytes);
      try {
        const keyRef = { kind: 'dek', id: dekId, generation: 1 } as const;
        const aad = valueAadOf(deps.keyring, context, dekId);
        return dek.use((key) => sealEnvelope({ keyRef, key, plaintext, aad, randomness }));
      } finally {
        plaintext.fill(0);
      }
    });
    return { dekId, ...wrapDek(deps, context, dekId, dek), valueRecord };
  } finally {
    dek.dispose();
  }
}

/** The same value under another binding: only the DEK is wrapped anew, with the vault's newest KEK. */
export function rebindValue(
  deps: { keyring: Keyring; ids: IdSource },
  sealed: SealedVersion,
  change: { from: VersionContext; to: VersionContext },
): Pick<SealedVersion, 'kekId' | 'kekGeneration' | 'dekRecord'> {
  const dek = openDek(deps.keyring, sealed, change.from);
  try {
    return wrapDek(deps, change.to, sealed.dekId, dek);
  } finally {
    dek.dispose();
  }
}

/** The value. Any mismatch — key, binding, row, a flipped bit — is one and the same problem. */
export function openValue(keyring: Keyring, sealed: SealedVersion, context: VersionContext): SecretBytes {
  const dek = openDek(keyring, sealed, context);
  try {
    const aad = valueAadOf(keyring, context, sealed.dekId);
    const expected = { keyRef: { kind: 'dek', id: sealed.dekId, generation: 1 } } as const;
    const padded = dek.use((key) => openEnvelope(sealed.valueRecord, key, aad, expected));
    const value = SecretBytes.copyOf(unpad(padded));
    padded.fill(0);
    return value;
  } catch (cause) {
    throw doesNotOpen(context, cause);
  } finally {
    dek.dispose();
  }
}

function openDek(keyring: Keyring, sealed: SealedVersion, context: VersionContext): SecretBytes {
  const { dekId, kekId, kekGeneration } = sealed;
  try {
    const aad = dekAadOf(keyring, context, { dekId, kekId, kekGeneration });
    const expected = { keyRef: { kind: 'kek', id: kekId, generation: kekGeneration } } as const;
    return keyring
      .kek(kekId)
      .key.use((key) => SecretBytes.take(openEnvelope(sealed.dekRecord, key, aad, expected)));
  } catch (cause) {
    throw doesNotOpen(context, cause);
  }
}

function wrapDek(
  deps: { keyring: Keyring; ids: IdSource },
  context: VersionContext,
  dekId: Id<'dek'>,
  dek: SecretBytes,
): Pick<SealedVersion, 'kekId' | 'kekGeneration' | 'dekRecord'> {
  const { id: kekId, generation: kekGeneration } = deps.keyring.newestKek(context.vaultId);
  const aad = dekAadOf(deps.keyring, context, { dekId, kekId, kekGeneration });
  const keyRef = { kind: 'kek', id: kekId, generation: kekGeneration } as const;
  const { randomness } = deps.ids;
  const dekRecord = deps.keyring
    .kek(kekId)
    .key.use((key) => dek.use((plaintext) => sealEnvelope({ keyRef, key, plaintext, aad, randomness })));
  return { kekId, kekGeneration, dekRecord };
}

function valueAadOf(keyring: Keyring, context: VersionContext, dek: Id<'dek'>): Buffer {
  const { vaultId, secretId, number } = context;
  return valueAad({
    installation: keyring.installation,
    vault: vaultId,
    secret: secretId,
    versionNumber: number,
    dek,
  });
}

function dekAadOf(
  keyring: Keyring,
  context: VersionContext,
  key: { dekId: Id<'dek'>; kekId: Id<'kek'>; kekGeneration: number },
): Buffer {
  return dekAad({
    installation: keyring.installation,
    vault: context.vaultId,
    kek: key.kekId,
    kekGeneration: key.kekGeneration,
    secret: context.secretId,
    versionNumber: context.number,
    dek: key.dekId,
    credentialKind: context.credentialKind,
    binding: context.binding,
  });
}

function doesNotOpen(context: VersionContext, cause: unknown): Problem {
  return new Problem('secret-unavailable', {
    detail: 'The stored secret does not open. An administrator finds the reason in the audit log.',
    internal: `version ${context.number} of ${context.secretId} does not open with its keys and binding`,
    cause,
  });
}
