// The audit chains that a restore opens: its event stands in a new one, old chains end where the backup ends, and the head
// file of the new data directory knows all of them from the start.
import type { AuditInput } from '../../core/audit-event.ts';
import { type Id, type IdSource, isId, newId } from '../../core/ids.ts';
import { createSigningKeyPair } from '../../crypto/access-token.ts';
import type { AuditRow } from '../../store/audit-events.ts';
import { lineOfRow } from '../../store/copied-row.ts';
import type { Database } from '../../store/database.ts';
import type { HeadFile } from '../../store/head-file.ts';
import { auditEvent } from '../../store/audit-tables.ts';
import { ChainHead } from '../audit/chain-head.ts';
import { headOf, type Lane } from '../audit/chain.ts';
import { createDrafter } from '../audit/draft.ts';
import { HeadKeeper } from '../audit/heads.ts';
import type { Keyring } from '../keyring.ts';
import type { ChainEnd } from './check-audit.ts';
import type { Manifest } from './format.ts';

export interface RestoreChains {
  readonly lines: readonly string[];
  /** Once the lines are committed. */
  writeHeads(place: { readonly database: Database; readonly headFile: HeadFile }): Promise<void>;
}

const SYSTEM = { vault: null, principal: { type: 'system' } } as const;

interface ChainDeps {
  readonly keyring: Keyring;
  readonly ids: IdSource;
  readonly known: ReadonlyMap<string, ChainEnd>;
}

export function openRestoreChains(
  { keyring, ids, known }: ChainDeps,
  backup: { readonly manifest: Manifest; readonly digest: string },
): RestoreChains {
  const { installation } = keyring;
  const macKey = keyring.systemKey('audit-mac').use((key) => Buffer.from(key));
  const headKeys = keyring.systemKey('audit-head').use((seed) => createSigningKeyPair(seed));
  const replica = newId(ids, 'rep');
  const draft = createDrafter(ids, replica);
  const write = (lane: Lane, events: readonly AuditInput[]) => {
    const chain = new ChainHead(newId(ids, 'chn'), lane, macKey, () => undefined); // nothing is read back
    const all = [{ ...SYSTEM, kind: 'chain.open', lane, predecessor: null } as const, ...events];
    const rows = [...all, { ...SYSTEM, kind: 'chain.close' } as const].map((event) => {
      const row = chain.seal(draft(event), chain.head);
      chain.commit(headOf(row));
      return row;
    });
    return { chain, rows };
  };
  const calls = write('call', []);
  const administration = write('admin', [restoreComplete(installation, backup)]);
  return {
    lines: [...calls.rows, ...administration.rows].map(toLine),
    writeHeads: async ({ database, headFile: file }) => {
      const heads = Object.fromEntries([...known].filter(([chain]) => isId('chn', chain)));
      const keeper = new HeadKeeper(
        { file, key: headKeys.privateKey, database, onFailure: () => undefined }, // whoever waits is told
        { installation, replica, lanes: { call: calls.chain.chain, admin: administration.chain.chain } },
        heads,
      );
      for (const { chain } of [calls, administration]) keeper.set(chain.chain, chain.lane, chain.head);
      await keeper.write({ complete: true });
    },
  };
}

function restoreComplete(
  installation: Id<'ins'>,
  { manifest, digest }: { readonly manifest: Manifest; readonly digest: string },
): AuditInput {
  const events = manifest.tables.find(({ name }) => name === 'audit_event')?.rows ?? 0;
  return {
    ...SYSTEM,
    kind: 'restore.complete',
    target: { type: 'installation', id: installation },
    after: { backup: digest, createdAt: manifest.createdAt, version: manifest.version, auditEvents: events },
  };
}

function toLine(row: AuditRow): string {
  const { id, vault: vaultId, chain: chainId, seq, kind, intent: intentId, at, month, salt, json } = row;
  const bytes = {
    prevMac: Buffer.from(row.prevMac, 'hex'),
    mac: Buffer.from(row.mac, 'hex'),
    bodyHash: Buffer.from(row.bodyHash, 'hex'),
    leafHash: Buffer.from(row.leafHash, 'hex'),
  };
  const columns = { id, vaultId, chainId, chainSeq: BigInt(seq), kind, intentId, at: new Date(at), ...bytes };
  const line = lineOfRow(auditEvent, columns);
  const body = JSON.stringify({ month, salt: salt.toString('base64'), json });
  return `${line.slice(0, -1)},"body":${body}}`;
}
