// A whole installation from one database into another that is empty: every table in one transaction, then both sides are
// read once more and compared before it is committed.
import type { Sql } from 'postgres';
import { Problem } from '../core/problem.ts';
import {
  COPIED_TABLES,
  type CopiedTable,
  type CopySource,
  countRows,
  findRows,
  insertLines,
  LineDigest,
  lockInstallation,
  readLines,
} from './table-copy.ts';

export interface MovedTable {
  readonly name: string;
  readonly rows: number;
  /** Over the lines of the table, equal on both sides. Hex. */
  readonly sha256: string;
}

export interface MoveProgress {
  /** Rows copied and rows compared. */
  readonly done: number;
  readonly inAll: number;
}

/** Nobody may write to `from` meanwhile. Throws `in-use` where `to` is not empty; then, and on any failure, it stays as it was. */
export async function moveRows(
  from: CopySource,
  to: Sql,
  onProgress: (progress: MoveProgress) => void,
): Promise<readonly MovedTable[]> {
  let inAll = 0;
  for (const table of COPIED_TABLES) inAll += 2 * (await countRows(from, table));
  let done = 0;
  const advance = (rows: number) => {
    done += rows;
    onProgress({ done, inAll });
  };
  return await to.begin(async (tx) => {
    await lockInstallation(tx);
    await requireEmptyTarget(tx);
    const sent: MovedTable[] = [];
    for (const table of COPIED_TABLES) {
      const digest = new LineDigest();
      for await (const lines of readLines(from, table)) {
        digest.add(lines);
        await insertLines(tx, table, lines);
        advance(lines.length);
      }
      sent.push({ name: table.name, ...digest.end() });
    }
    for (const [at, table] of COPIED_TABLES.entries())
      requireSame(sent[at], await digestOf(tx, table, advance));
    return sent;
  });
}

async function requireEmptyTarget(tx: CopySource): Promise<void> {
  const table = await findRows(tx);
  if (table === undefined) return;
  throw new Problem('in-use', {
    detail: `The Postgres database is not empty (its table ${table} holds rows). Give an empty one; nothing was changed.`,
  });
}

async function digestOf(
  source: CopySource,
  table: CopiedTable,
  advance: (rows: number) => void,
): Promise<MovedTable> {
  const digest = new LineDigest();
  for await (const lines of readLines(source, table)) {
    digest.add(lines);
    advance(lines.length);
  }
  return { name: table.name, ...digest.end() };
}

function requireSame(sent: MovedTable | undefined, arrived: MovedTable): void {
  if (sent?.rows === arrived.rows && sent.sha256 === arrived.sha256) return;
  throw new Problem('internal', {
    detail: `What arrived in the table ${arrived.name} is not what was sent (${arrived.rows} of ${sent?.rows ?? 0} rows). Nothing was changed.`,
  });
}
