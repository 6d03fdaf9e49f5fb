// A backup into an empty database, in one transaction: all of it is there, or nothing. What comes back is frozen, its store
// key lies under a root key of this place, and no token from before is good: the key that signs them is a new one.
import { rm } from 'node:fs/promises';
import { type IdSource, newId } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import { hashOpaqueToken } from '../../crypto/opaque-token.ts';
import type { RootKeyProvider } from '../../providers/root-keys/provider.ts';
import { lineOfRow, rowOfLine } from '../../store/copied-row.ts';
import type { Database } from '../../store/database.ts';
import type { HeadFile } from '../../store/head-file.ts';
import {
  type CopySource,
  findRows,
  insertLines,
  lockInstallation,
  readSchemaBirth,
} from '../../store/table-copy.ts';
import { insertAuditLines } from '../../store/table-copy-audit.ts';
import { admin, keySlot, systemKey } from '../../store/installation-tables.ts';
import { vault } from '../../store/tables.ts';
import { Keyring } from '../keyring.ts';
import { type OwnerCredentialOptions, readOrCreateOwnerCredential } from '../owner-credential.ts';
import { rowMac } from '../row-mac.ts';
import { openSlot } from '../sealing.ts';
import { BackupCheck, type CheckReport } from './check.ts';
import { BackupFailure, damaged } from './failure.ts';
import { digestOf, type Manifest } from './format.ts';
import type { BackupReader, BackupRows } from './reader.ts';
import { openRestoreChains } from './restore-chains.ts';

export interface RestoreDeps {
  /** Migrated. */
  readonly database: Database;
  readonly ids: IdSource;
  readonly openProvider: (mayCreate: boolean) => Promise<RootKeyProvider>;
  readonly owner: OwnerCredentialOptions;
  readonly headFile: HeadFile;
}

export interface Restored extends Omit<CheckReport, 'chains'> {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly rootKeyProvider: string;
  /** False: the file was there already, and what it holds is the owner's credential now. */
  readonly isOwnerCredentialNew: boolean;
}

const OWNER_NAME = 'owner';
const KEY_TABLES = ['installation', 'key_slot', 'system_key'];

/** Throws BackupFailure for a file that is not whole, `in-use` where the database is not empty; then nothing has come in. */
export async function restoreBackup(deps: RestoreDeps, reader: BackupReader): Promise<Restored> {
  const { database, owner, ids } = deps;
  await requireEmpty(database.adminSql);
  await requireKnownSchema(database.adminSql, reader);
  const rows = reader.rows();
  const head = await readHead(rows);
  const { keyring, provider, slots } = await openKeys(deps, reader, head);
  try {
    for (const line of head.lines('system_key')) loadSystemKey(keyring, line);
    const { credential, created } = await readOrCreateOwnerCredential(owner, ids.randomness);
    try {
      const loaded = await load(deps, reader, { keyring, head, rows, slots, credential });
      return { ...loaded, rootKeyProvider: provider.name, isOwnerCredentialNew: created };
    } catch (error) {
      if (created) await rm(owner.path, { force: true });
      throw error;
    }
  } finally {
    keyring.dispose();
  }
}

export async function requireEmpty(source: CopySource): Promise<void> {
  const table = await findRows(source);
  if (table === undefined) return;
  throw new Problem('in-use', {
    detail: `The database is not empty (its table ${table} holds rows). A restore goes into a new data directory or an empty Postgres database only.`,
  });
}

async function requireKnownSchema(source: CopySource, { header }: BackupReader): Promise<void> {
  if (Number(header.schema) <= Number(await readSchemaBirth(source))) return;
  throw new BackupFailure(
    'unusable',
    `This backup was made by Doorward ${header.version}, whose schema is newer than this version's. Use that version or a later one.`,
  );
}

/** The tables that the keys are in, and the first piece of what follows. */
interface Head {
  readonly pieces: readonly BackupRows[];
  readonly next: BackupRows | undefined;
  lines(table: string): string[];
}

async function readHead(rows: AsyncGenerator<BackupRows>): Promise<Head> {
  const pieces: BackupRows[] = [];
  let next: BackupRows | undefined;
  for (;;) {
    const { done, value } = await rows.next();
    if (done === true) break;
    if (!KEY_TABLES.includes(value.table.name)) {
      next = value;
      break;
    }
    pieces.push(value);
  }
  const lines = (name: string) =>
    pieces.filter(({ table }) => table.name === name).flatMap((piece) => piece.lines);
  return { pieces, next, lines };
}

/** The store key out of the backup under a new slot; without it, out of one of the old slots, which then stay. */
async function openKeys(deps: RestoreDeps, reader: BackupReader, head: Head) {
  const { ids, openProvider } = deps;
  const { installation } = reader.header;
  const { storeKey } = reader;
  const old = head.lines('key_slot');
  if (storeKey === undefined) {
    const provider = await openProvider(false);
    const slots = { installation: { id: installation }, slots: old.map((line) => rowOfLine(keySlot, line)) };
    const opened = await openSlot(slots, provider);
    return { keyring: new Keyring(installation, opened, ids.randomness), provider, slots: old };
  }
  const provider = await openProvider(true);
  const id = newId(ids, 'slt');
  const wrapped = await provider.wrap(storeKey, { installation, slot: id });
  const slot = { id, provider: provider.name, providerKeyId: provider.keyId, ...wrapped };
  const line = lineOfRow(keySlot, { ...slot, createdAt: ids.clock.now() });
  return { keyring: new Keyring(installation, storeKey, ids.randomness), provider, slots: [line] };
}

function loadSystemKey(keyring: Keyring, line: string): void {
  try {
    keyring.loadSystemKey(rowOfLine(systemKey, line));
  } catch (error) {
    throw damaged('its keys do not open with its store key', error);
  }
}

interface Load {
  readonly keyring: Keyring;
  readonly head: Head;
  readonly rows: AsyncGenerator<BackupRows>;
  readonly slots: readonly string[];
  readonly credential: string;
}

async function load(deps: RestoreDeps, reader: BackupReader, given: Load) {
  const { database, ids, headFile } = deps;
  const { keyring, head, rows } = given;
  const { installation } = reader.header;
  const check = new BackupCheck(installation, keyring);
  const change = createChanges(deps, reader, given);
  const loaded = await database.adminSql.begin(async (tx) => {
    await lockInstallation(tx);
    await requireEmpty(tx);
    const take = async (piece: BackupRows) => {
      await check.add(piece);
      const lines = change(piece);
      if (piece.table.name === 'audit_event') await insertAuditLines(tx, lines);
      else await insertLines(tx, piece.table, lines, piece.columns);
    };
    for (const piece of head.pieces) await take(piece);
    if (head.next !== undefined) await take(head.next);
    for await (const piece of rows) await take(piece);
    const { manifest } = reader;
    const digest = digestOf(manifest);
    const report = check.end();
    const chains = openRestoreChains({ keyring, ids, known: report.chains }, { manifest, digest });
    await insertAuditLines(tx, chains.lines);
    return { manifest, digest, report, chains };
  });
  const { chains, report, ...told } = loaded;
  await chains.writeHeads({ database, headFile });
  const { findings, unlisted, valuesOpened } = report;
  return { ...told, findings, unlisted, valuesOpened };
}

/** What comes back otherwise than it went. */
function createChanges({ ids }: RestoreDeps, { header }: BackupReader, { keyring, slots, credential }: Load) {
  const now = ids.clock.now();
  const frozenReason = `it was restored from the backup of ${header.createdAt}`;
  let isSlotWritten = false;
  return ({ table, lines }: BackupRows): readonly string[] => {
    switch (table.name) {
      case 'key_slot':
        if (isSlotWritten) return [];
        isSlotWritten = true;
        return slots;
      case 'system_key':
        return lines.map((line) => toFreshSigningKey(keyring, ids, line));
      case 'admin':
        return lines.map((line) => withCredential(keyring, credential, line));
      case 'vault':
        return lines.map((line) => {
          const row = rowOfLine(vault, line);
          return lineOfRow(vault, { ...row, epoch: row.epoch + 1n, frozenAt: now, frozenReason });
        });
      default:
        return lines;
    }
  };
}

function toFreshSigningKey(keyring: Keyring, ids: IdSource, line: string): string {
  const row = rowOfLine(systemKey, line);
  if (row.purpose !== 'token-signing') return line;
  const fresh = keyring.createSystemKey(newId(ids, 'key'), 'token-signing');
  return lineOfRow(systemKey, { ...fresh, createdAt: ids.clock.now() });
}

/** The owner's credential is the one in the file of this place, whatever the one before was and whoever has it. */
function withCredential(keyring: Keyring, credential: string, line: string): string {
  const row = rowOfLine(admin, line);
  if (row.name !== OWNER_NAME) return line;
  const credentialHash = keyring
    .systemKey('token-pepper')
    .use((pepper) => hashOpaqueToken(pepper, credential));
  const { id, name, generation, revision } = row;
  const columns = { id, name, credentialHash, generation: generation + 1, revision: revision + 1 };
  return lineOfRow(admin, { ...row, ...columns, mac: rowMac(keyring, 'admin', columns) });
}
