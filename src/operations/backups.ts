// Backups, and the end of the freeze after a restore.
import { Problem } from '../core/problem.ts';
import { deleteAllApprovals } from '../store/approvals.ts';
import { placeholdersOf } from '../store/placeholders.ts';
import { readFrozen, unfreezeVault } from '../store/vaults.ts';
import { type BackupRequest, openBackup } from '../vault/backup/create.ts';
import { digestOf } from '../vault/backup/format.ts';
import { removePlaceholders } from '../vault/placeholders.ts';
import { backupCreate, restoreAccept } from './contracts/backups.ts';
import { acting, type Caller, changing, type OperationDeps } from './operation.ts';

export const createBackup = acting(backupCreate, async (deps, input, { caller }) => {
  const to = recipientsOf(input);
  const recipient = 'passphrase' in to ? 'passphrase' : 'age';
  const recipients = 'recipients' in to ? to.recipients.length : 1;
  const { database, keyring, ids, server } = deps;
  const request: BackupRequest = {
    to,
    withKeys: input.keys,
    onWritten: async (manifest) => {
      const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
      const tables = manifest.tables.map((table) => `${table.name} ${table.rows}`);
      await record(deps, caller, 'backup.complete', { backup: digestOf(manifest), rows, tables });
    },
    onFailure: deps.onBackgroundFailure,
  };
  const backup = await openBackup({ database, keyring, clock: ids.clock, version: server.version }, request);
  // Durable before the first byte leaves: who takes a copy of every secret stands in the log, also who cuts it off.
  await record(deps, caller, 'backup.create', { recipient, recipients, keys: input.keys });
  return backup.start();
});

export const acceptRestore = changing(restoreAccept, async ({ deps, tx, now, changedEpoch }) => {
  const { authority, vaultId, keyring } = deps;
  const frozen = await readFrozen(tx, vaultId);
  if (frozen === undefined) {
    throw new Problem('not-found', { detail: 'The vault is not frozen: there is no restore to accept.' });
  }
  await unfreezeVault(tx, vaultId);
  // Some may have been revoked after the backup was made: none of them comes back, as no token does.
  const placeholders = await placeholdersOf(tx, vaultId);
  await removePlaceholders(tx, placeholders, { keyring, removedAt: now, changedEpoch });
  // One that was used up after the backup was made must not be good for another call.
  await deleteAllApprovals(tx, vaultId);
  const { agents, grants } = authority.counts;
  const frozenAt = frozen.since.toISOString();
  return {
    output: { frozenAt, reason: frozen.reason, agents, grants },
    target: { type: 'vault', id: vaultId },
    before: { frozenAt, reason: frozen.reason },
    after: { agents, grants, placeholdersRevoked: placeholders.length },
  };
});

function recipientsOf(input: {
  readonly passphrase?: string | undefined;
  readonly recipients?: readonly string[] | undefined;
}): BackupRequest['to'] {
  const { passphrase, recipients } = input;
  if (passphrase !== undefined && recipients === undefined) return { passphrase };
  if (recipients !== undefined && passphrase === undefined) return { recipients };
  throw new Problem('invalid-input', { detail: 'Give either a passphrase or recipients.' });
}

async function record(
  { audit, vaultId, keyring }: OperationDeps,
  { principal, request, client }: Caller,
  kind: 'backup.create' | 'backup.complete',
  after: Readonly<Record<string, string | number | boolean | readonly string[]>>,
): Promise<void> {
  await audit.transaction((_, append) =>
    append({
      kind,
      vault: vaultId,
      principal,
      request,
      ...(client === undefined ? {} : { client }),
      target: { type: 'installation', id: keyring.installation },
      after,
    }),
  );
}
