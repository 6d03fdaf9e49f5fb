// The steps of exchanging a secret for an access token, each one transaction with its audit event: the lease and the intent,
// then the outcome. What an answer brings is stored before anything uses it: token and new refresh token together.
import type { AuditInput } from '../core/audit-event.ts';
import type { Id, IdSource } from '../core/ids.ts';
import { newId } from '../core/ids.ts';
import { isMintedKind } from '../core/material.ts';
import { Problem } from '../core/problem.ts';
import { addSeconds } from '../core/time.ts';
import { SecretBytes } from '../crypto/secret-bytes.ts';
import type { Minted, MintRequest, Refused } from '../providers/materials/material.ts';
import { MATERIALS } from '../providers/materials/registry.ts';
import type { ServiceRow } from '../store/authority-rows.ts';
import type { Database } from '../store/database.ts';
import { eraseFingerprints, putFingerprint } from '../store/fingerprints.ts';
import {
  type MintedTokenRow,
  releaseMintLease,
  type SealedToken,
  storeMintedToken,
  takeMintLease,
} from '../store/minted-tokens.ts';
import {
  eraseRevokedBefore,
  insertVersion,
  moveVersion,
  nextVersionNumber,
  touchSecret,
  versionsInState,
} from '../store/secret-versions.ts';
import { findSecretById, type SecretRow, type SecretVersionRow } from '../store/secrets.ts';
import { servicesOfSecrets } from '../store/services.ts';
import type { Transaction } from '../store/transaction.ts';
import { lockVault, raiseEpoch } from '../store/vaults.ts';
import type { Append } from './audit/admin-lane.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { bindingHash } from './binding.ts';
import { fingerprintRow } from './fingerprints.ts';
import type { Keyring } from './keyring.ts';
import { sealToken } from './minted-token.ts';
import { endpointOf } from './minting-request.ts';
import { openValue, sealValue, type VersionContext } from './secret-values.ts';

export interface MintStepDeps {
  readonly database: Pick<Database, 'kind' | 'calls'>;
  readonly ids: IdSource;
  readonly keyring: Keyring;
  readonly vaultId: Id<'vlt'>;
  readonly replica: Id<'rep'>;
  readonly audit: Pick<AuditLog, 'transaction'>;
}

/** A lease with all that the request needs. */
export interface TakenMint {
  readonly lease: MintedTokenRow;
  readonly secret: SecretRow;
  readonly version: SecretVersionRow;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly request: MintRequest;
  readonly intent: Id<'evt'>;
}

/** Longer than a request may take. */
const LEASE_SECONDS = 30;
/** Where an answer does not say how long its token is good. */
const DEFAULT_SECONDS = 3600;

/** Undefined: somebody else is at it, or was. Throws `secret-unavailable`, and then nothing was written. */
export async function takeMint(
  deps: MintStepDeps,
  secretId: Id<'sec'>,
  seen: MintedTokenRow | undefined,
): Promise<TakenMint | undefined> {
  const { vaultId, ids } = deps;
  return await deps.audit.transaction(async (tx, append) => {
    const changedEpoch = await lockVault(tx, vaultId);
    const { secret, version, services } = await readMinting(deps, tx, secretId);
    const until = addSeconds(ids.clock.now(), LEASE_SECONDS);
    const lease = await takeMintLease(tx, {
      vaultId,
      secretId,
      ...askingOf(deps),
      until,
      seen,
      changedEpoch,
    });
    if (lease === undefined) return undefined;
    const { fields, request } = plan(deps, { secret, version, services });
    const intent = await append(intentOf(deps, { secret, version, request }));
    return { lease, secret, version, fields, request, intent };
  });
}

export type StoredMint =
  | { readonly result: 'stored'; readonly row: SealedToken; readonly epoch: bigint }
  /** Somebody else's token is newer, or the secret has another version by now: this answer counts no more. */
  | { readonly result: 'superseded' }
  /** Another one has the lease, and this answer has something that can not be had again. */
  | { readonly result: 'fenced' };

/** Stores what the answer brought. */
export async function storeMint(
  deps: MintStepDeps,
  taken: TakenMint,
  { minted, status }: { readonly minted: Minted; readonly status: number },
): Promise<StoredMint> {
  const { vaultId, ids } = deps;
  const secretId = taken.secret.id;
  try {
    return await deps.audit.transaction(async (tx, append) => {
      const changedEpoch = await raiseEpoch(tx, vaultId); // takes the vault's turn: what is read below stays so
      const [current] = await versionsInState(tx, vaultId, { secretId, state: 'current' });
      if (current?.id !== taken.version.id) {
        await endMint(deps, { tx, append, taken }, { result: 'superseded', status });
        return { result: 'superseded' };
      }
      const services = await servicesOfSecrets(tx, vaultId, [secretId]);
      const binding = bindingHash(services);
      const version =
        minted.fields === undefined
          ? current
          : await replaceVersion(deps, tx, { taken, fields: minted.fields, binding, changedEpoch });
      const expiresAt = addSeconds(ids.clock.now(), minted.expiresInSeconds ?? DEFAULT_SECONDS);
      const sealed = sealToken(deps, contextOf(deps, { ...taken.secret, number: version.number, binding }), {
        token: minted.token,
        expiresAt,
        versionId: version.id,
      });
      const token = { vaultId, secretId, ...askingOf(deps), sealed, lease: taken.lease, changedEpoch };
      const rescue = minted.fields !== undefined;
      if (!(await storeMintedToken(tx, { ...token, rescue }))) throw new FencedOff();
      const outcome = { result: 'minted', status, expiresAt: expiresAt.toISOString() } as const;
      await tellOutcome(deps, { append, taken }, { version: version.number, ...outcome });
      return { result: 'stored', row: sealed, epoch: changedEpoch };
    });
  } catch (error) {
    if (error instanceof FencedOff) return { result: 'fenced' };
    throw error;
  }
}

/** Undoes the transaction that found its lease gone. */
class FencedOff extends Error {
  override readonly name = 'FencedOff';
}

export interface MintFailure {
  readonly result: 'refused' | 'failed' | 'superseded';
  readonly status?: number;
  readonly reason?: Refused['code'];
  /** Nobody asks before. */
  readonly notBefore?: Date;
}

/** The outcome of a request that brought no token. */
export async function failMint(deps: MintStepDeps, taken: TakenMint, failure: MintFailure): Promise<void> {
  await deps.audit.transaction((tx, append) => endMint(deps, { tx, append, taken }, failure));
}

async function endMint(
  deps: MintStepDeps,
  { tx, append, taken }: { tx: Transaction; append: Append; taken: TakenMint },
  { notBefore = null, ...outcome }: Omit<MintFailure, 'notBefore'> & { readonly notBefore?: Date | null },
): Promise<void> {
  const { vaultId } = deps;
  const { lease, secret, version } = taken;
  await releaseMintLease(tx, { vaultId, secretId: secret.id, fence: lease.fence, notBefore });
  await tellOutcome(deps, { append, taken }, { version: version.number, ...outcome });
}

type Outcome = Omit<
  Extract<AuditInput, { kind: 'secret.minted' }>,
  'kind' | 'vault' | 'principal' | 'intent' | 'secret'
>;

/** Once for each intent. Where a reaper has taken this process for dead and told that nobody knows, it is told anew. */
async function tellOutcome(
  deps: MintStepDeps,
  { append, taken }: { append: Append; taken: TakenMint },
  { version, ...outcome }: Outcome & { readonly version: number },
): Promise<void> {
  const { id, name } = taken.secret;
  const event = {
    kind: 'secret.minted',
    ...eventBase(deps),
    secret: { id, name, version },
    ...outcome,
  } as const;
  try {
    await append({ ...event, intent: taken.intent });
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'already-exists')) throw error;
    await append({ ...event, intent: await append(intentOf(deps, taken)) });
  }
}

function intentOf(
  deps: MintStepDeps,
  { secret, version, request }: Pick<TakenMint, 'secret' | 'version' | 'request'>,
): Extract<AuditInput, { kind: 'secret.mint' }> {
  return {
    kind: 'secret.mint',
    ...eventBase(deps),
    secret: { id: secret.id, name: secret.name, version: version.number },
    credentialKind: secret.credentialKind,
    endpoint: endpointOf(request.url),
  };
}

interface Minting {
  readonly secret: SecretRow;
  readonly version: SecretVersionRow;
  readonly services: readonly ServiceRow[];
}

async function readMinting(
  { vaultId }: MintStepDeps,
  tx: Transaction,
  secretId: Id<'sec'>,
): Promise<Minting> {
  const secret = await findSecretById(tx, vaultId, secretId);
  const [version] = await versionsInState(tx, vaultId, { secretId, state: 'current' });
  if (secret === undefined || secret.destroyedAt !== null || version === undefined) {
    throw new Problem('secret-unavailable', {
      detail: `None of the versions of the secret ${secret?.name ?? ''} is current. An administrator enables it: doorward secret enable ${secret?.name ?? 'NAME'}`,
    });
  }
  return { secret, version, services: await servicesOfSecrets(tx, vaultId, [secretId]) };
}

/** Opens the value for as long as the request is made. */
function plan(deps: MintStepDeps, { secret, version, services }: Minting) {
  const { dekRecord, valueRecord, number } = version;
  if (!isMintedKind(secret.credentialKind) || dekRecord === null || valueRecord === null) {
    throw new Problem('secret-unavailable', { internal: 'nothing to mint from' });
  }
  const material = MATERIALS[secret.credentialKind];
  const context = contextOf(deps, { ...secret, number, binding: bindingHash(services) });
  const value = openValue(deps.keyring, { ...version, dekRecord, valueRecord }, context);
  try {
    const fields = value.use((bytes) => material.parse(bytes));
    return { fields, request: material.request(fields, deps.ids.clock.now()) };
  } finally {
    value.dispose();
  }
}

/** The new refresh token as the current version; the one before is spent, and those before it are erased. */
async function replaceVersion(
  deps: MintStepDeps,
  tx: Transaction,
  change: {
    taken: TakenMint;
    fields: Readonly<Record<string, unknown>>;
    binding: Buffer;
    changedEpoch: bigint;
  },
): Promise<{ readonly id: Id<'ver'>; readonly number: number }> {
  const { vaultId, ids } = deps;
  const { taken, binding, changedEpoch } = change;
  const { secret, version: before } = taken;
  const number = await nextVersionNumber(tx, vaultId, secret.id);
  const value = SecretBytes.take(Buffer.from(JSON.stringify(change.fields)));
  try {
    const sealed = sealValue(deps, contextOf(deps, { ...secret, number, binding }), value);
    const move = { vaultId, secretId: secret.id, number: before.number, changedEpoch };
    await moveVersion(tx, { ...move, from: 'current', to: 'revoked' });
    const row = { vaultId, id: newId(ids, 'ver'), secretId: secret.id, number, state: 'current' as const };
    await insertVersion(tx, { ...row, ...sealed, changedEpoch, createdAt: ids.clock.now() });
    const printed = {
      vaultId,
      versionId: row.id,
      secretId: secret.id,
      isDecoy: secret.isDecoy,
      changedEpoch,
    };
    const { credentialKind } = secret;
    await putFingerprint(tx, fingerprintRow(deps, { ...printed, credentialKind }, value));
    await eraseRevokedBefore(tx, move);
    await eraseFingerprints(tx, move, { removedAt: ids.clock.now(), changedEpoch });
    await touchSecret(tx, { vaultId, secretId: secret.id }, changedEpoch);
    return row;
  } finally {
    value.dispose();
  }
}

function contextOf(
  { vaultId }: MintStepDeps,
  of: {
    readonly id: Id<'sec'>;
    readonly credentialKind: string;
    readonly number: number;
    readonly binding: Buffer;
  },
): VersionContext {
  const { id: secretId, credentialKind, number, binding } = of;
  return { vaultId, secretId, number, credentialKind, binding };
}

export function askingOf({ database, replica: self, ids }: MintStepDeps) {
  return { self, isAlone: database.kind === 'embedded', now: ids.clock.now() };
}

function eventBase({ vaultId }: MintStepDeps) {
  return { vault: vaultId, principal: { type: 'system' } } as const;
}
