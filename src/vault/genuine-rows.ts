// Whether a row is one that Doorward wrote. Replicas ignore others when they load them; administrative changes read rows
// themselves, and must neither build a right on a row that somebody else wrote nor put a MAC under it.
import { Problem } from '../core/problem.ts';
import type { AgentRow, GrantRow, ServiceRow } from '../store/authority-rows.ts';
import type { Keyring } from './keyring.ts';
import { agentMacColumns, grantMacColumns, serviceMacColumns } from './mac-columns.ts';
import { rowMac, rowMacMatches } from './row-mac.ts';

/** A kind of row, and which columns of it are under its MAC. */
interface Kind<R extends { readonly mac: Buffer }> {
  readonly table: 'agent' | 'service' | 'service_grant';
  readonly columns: (row: R) => Parameters<typeof rowMac>[2];
}

export const AGENT: Kind<AgentRow> = { table: 'agent', columns: agentMacColumns };
export const SERVICE: Kind<ServiceRow> = { table: 'service', columns: serviceMacColumns };
export const GRANT: Kind<GrantRow> = { table: 'service_grant', columns: grantMacColumns };

export function isGenuine<R extends { readonly mac: Buffer }>(
  keyring: Keyring,
  { table, columns }: Kind<R>,
  row: R,
): boolean {
  return rowMacMatches(keyring, table, columns(row), row.mac);
}

/** What is told of it is for the audit log: the table and the row's id. */
export class RecordAltered extends Problem {
  readonly table: string;
  readonly row: string;

  constructor(detail: string, { table, row }: { readonly table: string; readonly row: string }) {
    super('record-altered', { detail });
    this.table = table;
    this.row = row;
  }
}

/** Throws `record-altered`; `name` is what an administrator calls it. */
export function requireGenuine<R extends { readonly id: string; readonly mac: Buffer }>(
  keyring: Keyring,
  kind: Kind<R>,
  { row, name }: { readonly row: R; readonly name: string },
): R {
  if (isGenuine(keyring, kind, row)) return row;
  throw new RecordAltered(
    `${name} was changed in the database by something other than Doorward, and counts for nothing. Remove it and make it anew, or restore a backup.`,
    { table: kind.table, row: row.id },
  );
}

/** `after` with its MAC. Where `before` was not Doorward's own, it keeps a MAC that is wrong: a change makes it no truer. */
export function withMac<R extends { readonly mac: Buffer }>(
  keyring: Keyring,
  kind: Kind<R>,
  { before, after }: { readonly before: R; readonly after: R },
): R {
  const isOurs = isGenuine(keyring, kind, before);
  return { ...after, mac: isOurs ? rowMac(keyring, kind.table, kind.columns(after)) : before.mac };
}
