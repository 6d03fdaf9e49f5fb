// Secrets: stored, listed, shown without their value, destroyed.
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { SecretBytes } from '../crypto/secret-bytes.ts';
import { eraseFingerprints, putFingerprint } from '../store/fingerprints.ts';
import { eraseMintedToken } from '../store/minted-tokens.ts';
import {
  currentVersions,
  destroySecret,
  findSecretByName,
  insertSecret,
  listSecrets,
  type SecretRow,
} from '../store/secrets.ts';
import { servicesOfSecrets, servicesShowing } from '../store/services.ts';
import type { Queryable } from '../store/transaction.ts';
import { bindingHash } from '../vault/binding.ts';
import { fingerprintRow } from '../vault/fingerprints.ts';
import { checkedMaterial } from '../vault/material-value.ts';
import { MAX_VALUE_BYTES, sealValue } from '../vault/secret-values.ts';
import {
  secretCreate,
  secretDestroy,
  secretList,
  type SecretRecord,
  secretShow,
} from './contracts/secrets.ts';
import { type Change, changing, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';

const MIN_VALUE_BYTES = 8;

export const createSecret = changing(secretCreate, async (change, input) => {
  const { kind } = input;
  const value = checkedMaterial(kind, valueOf(input));
  try {
    const bytes = value.length;
    const record = await storeSecret(change, { name: input.name, kind, isDecoy: false }, value);
    return {
      output: record,
      target: { type: 'secret', id: record.id, name: input.name },
      after: { version: 1, bytes, kind },
    };
  } finally {
    value.dispose();
  }
});

/** A secret with its first version and the fingerprint of that. */
export async function storeSecret(
  { deps, tx, now, changedEpoch }: Change,
  { name, kind, isDecoy }: { readonly name: string; readonly kind: string; readonly isDecoy: boolean },
  value: SecretBytes,
): Promise<SecretRecord> {
  const { vaultId } = deps;
  const id = newId(deps.ids, 'sec');
  const versionId = newId(deps.ids, 'ver');
  const binding = bindingHash([]);
  const context = { vaultId, secretId: id, number: 1, credentialKind: kind, binding };
  const sealed = sealValue(deps, context, value);
  const row = {
    vaultId,
    id,
    name,
    credentialKind: kind,
    isDecoy,
    revision: 1,
    changedEpoch,
    createdAt: now,
    destroyedAt: null,
  };
  await insertSecret(tx, row, {
    vaultId,
    id: versionId,
    secretId: id,
    number: 1,
    state: 'current' as const,
    ...sealed,
    changedEpoch,
    createdAt: now,
  });
  const printed = { vaultId, versionId, secretId: id, credentialKind: kind, isDecoy, changedEpoch };
  await putFingerprint(tx, fingerprintRow(deps, printed, value));
  return toRecord(row, { currentVersion: 1, services: [] });
}

export const listSecret = reading(secretList, async (deps, input) => {
  const { after = '', limit, finish } = openPage(deps, secretList, input);
  const found = await listSecrets(deps.database.admin, deps.vaultId, { after, limit });
  const { rows, nextCursor } = finish(found, ({ name }) => name);
  return { items: await toRecords(deps, rows), nextCursor };
});

export const showSecret = reading(secretShow, async (deps, { name }) => {
  const row = await requireSecret(deps.database.admin, deps, name);
  const [record] = await toRecords(deps, [row]);
  if (record === undefined) throw notFound(name);
  return record;
});

export const destroySecretForEver = changing(
  secretDestroy,
  async ({ deps, tx, now, changedEpoch, precondition }, { name }) => {
    const row = await requireSecret(tx, deps, name);
    precondition.require(row);
    const sending = await servicesOfSecrets(tx, deps.vaultId, [row.id]);
    const showing = await servicesShowing(tx, deps.vaultId, name);
    const services = [...sending, ...showing];
    if (services.length > 0) {
      const names = services.map((service) => service.name).join(', ');
      throw new Problem('in-use', {
        detail: `Services still use this secret: ${names}. Remove them first.`,
      });
    }
    const versionsDestroyed = await destroySecret(tx, row, { destroyedAt: now, changedEpoch });
    const key = { vaultId: deps.vaultId, secretId: row.id };
    await eraseMintedToken(tx, key);
    await eraseFingerprints(tx, key, { removedAt: now, changedEpoch });
    return {
      output: { id: row.id, name, versionsDestroyed },
      target: { type: 'secret', id: row.id, name },
      after: { versionsDestroyed },
    };
  },
);

/** The secret of that name, or a `not-found` problem. */
export async function requireSecret(db: Queryable, deps: OperationDeps, name: string): Promise<SecretRow> {
  const row = await findSecretByName(db, deps.vaultId, name);
  if (row === undefined) throw notFound(name);
  return row;
}

function notFound(name: string): Problem {
  return new Problem('not-found', { detail: `There is no secret named ${name}.` });
}

export function valueOf(input: {
  value?: string | undefined;
  valueBase64?: string | undefined;
  fields?: Readonly<Record<string, unknown>> | undefined;
  force: boolean;
}): SecretBytes {
  const text = input.fields === undefined ? input.value : JSON.stringify(input.fields);
  if ([input.value, input.valueBase64, input.fields].filter((given) => given !== undefined).length !== 1) {
    throw new Problem('invalid-input', { detail: 'Give exactly one of value, valueBase64 and fields.' });
  }
  const bytes =
    text === undefined ? Buffer.from(input.valueBase64 ?? '', 'base64') : Buffer.from(text, 'utf8');
  const value = SecretBytes.take(bytes);
  try {
    checkValue(value, input.force);
  } catch (error) {
    value.dispose();
    throw error;
  }
  return value;
}

/** A certificate with its key is never sent, and has line ends. */
function isPem(value: Buffer): boolean {
  const isText = !value.some((byte) => (byte < 0x20 && byte !== 10 && byte !== 13) || byte === 0x7f);
  return isText && value.subarray(0, 11).toString('latin1') === '-----BEGIN ' && value.includes('\n');
}

function checkValue(value: SecretBytes, force: boolean): void {
  if (value.length === 0 || value.length > MAX_VALUE_BYTES) {
    throw new Problem('invalid-input', { detail: `A value has 1 to ${MAX_VALUE_BYTES} bytes.` });
  }
  if (value.use((view) => !isPem(view) && view.some((byte) => byte < 0x20 || byte === 0x7f))) {
    throw new Problem('invalid-input', {
      detail:
        'The value holds control characters (a line break, perhaps): it could not be sent in a header or parameter.',
    });
  }
  if (value.length < MIN_VALUE_BYTES && !force) {
    throw new Problem('invalid-input', {
      detail: `The value is under ${MIN_VALUE_BYTES} bytes: answers that happen to contain it would be masked. Give force to store it all the same.`,
    });
  }
}

async function toRecords(deps: OperationDeps, rows: readonly SecretRow[]): Promise<SecretRecord[]> {
  const ids = rows.map((row) => row.id);
  const versions = await currentVersions(deps.database.admin, deps.vaultId, ids);
  const services = await servicesOfSecrets(deps.database.admin, deps.vaultId, ids);
  return rows.map((row) =>
    toRecord(row, {
      currentVersion: versions.get(row.id) ?? null,
      services: services.filter((service) => service.secretId === row.id).map((service) => service.name),
    }),
  );
}

function toRecord(
  row: Pick<SecretRow, 'id' | 'name' | 'credentialKind' | 'isDecoy' | 'revision' | 'createdAt'>,
  of: { currentVersion: number | null; services: string[] },
): SecretRecord {
  const { id, name, credentialKind, isDecoy, revision } = row;
  return { id, name, credentialKind, ...of, isDecoy, revision, createdAt: row.createdAt.toISOString() };
}
