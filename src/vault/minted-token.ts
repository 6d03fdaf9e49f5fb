// A minted token at rest: sealed as a value is, under its secret's binding, and told apart from values by its kind, so that
// neither opens in the other's place. Its end is sealed with it.
import type { IdSource } from '../core/ids.ts';
import type { Id } from '../core/ids.ts';
import { SecretBytes } from '../crypto/secret-bytes.ts';
import type { MintedTokenRow, SealedToken } from '../store/minted-tokens.ts';
import type { Keyring } from './keyring.ts';
import {
  openValue,
  rebindValue,
  type SealedVersion,
  sealValue,
  type VersionContext,
} from './secret-values.ts';

const TIME_BYTES = 8;

export interface OpenedToken {
  readonly token: SecretBytes;
  readonly expiresAt: Date;
}

/** `context` is that of the version it was made with. */
export function sealToken(
  deps: { keyring: Keyring; ids: IdSource },
  context: VersionContext,
  { token, expiresAt, versionId }: { token: string; expiresAt: Date; versionId: Id<'ver'> },
): SealedToken {
  const bytes = Buffer.alloc(TIME_BYTES + Buffer.byteLength(token));
  bytes.writeBigUInt64BE(BigInt(expiresAt.getTime()));
  bytes.write(token, TIME_BYTES);
  const value = SecretBytes.take(bytes);
  try {
    return { ...sealValue(deps, tokenContext(context), value), versionId, expiresAt };
  } finally {
    value.dispose();
  }
}

/** Undefined: there is none. Throws `secret-unavailable` when it does not open. */
export function openToken(
  keyring: Keyring,
  row: MintedTokenRow,
  context: VersionContext,
): OpenedToken | undefined {
  const sealed = sealedOf(row);
  if (sealed === undefined) return undefined;
  const value = openValue(keyring, sealed, tokenContext(context));
  try {
    return value.use((bytes) => ({
      expiresAt: new Date(Number(bytes.readBigUInt64BE())),
      token: SecretBytes.copyOf(bytes.subarray(TIME_BYTES)),
    }));
  } finally {
    value.dispose();
  }
}

/** The same token where its secret goes elsewhere. */
export function rebindToken(
  deps: { keyring: Keyring; ids: IdSource },
  row: MintedTokenRow,
  change: { from: VersionContext; to: VersionContext },
): ReturnType<typeof rebindValue> | undefined {
  const sealed = sealedOf(row);
  if (sealed === undefined) return undefined;
  return rebindValue(deps, sealed, { from: tokenContext(change.from), to: tokenContext(change.to) });
}

function sealedOf(row: MintedTokenRow): SealedVersion | undefined {
  const { dekId, kekId, kekGeneration, dekRecord, valueRecord } = row;
  if (dekId === null || kekId === null || kekGeneration === null) return undefined;
  if (dekRecord === null || valueRecord === null) return undefined;
  return { dekId, kekId, kekGeneration, dekRecord, valueRecord };
}

function tokenContext(context: VersionContext): VersionContext {
  return { ...context, credentialKind: `minted-by:${context.credentialKind}` };
}
