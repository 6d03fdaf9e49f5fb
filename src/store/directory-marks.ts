// Marks in a data directory that say why no server may start on it: a restore was cut off, or it was moved to Postgres.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Problem } from '../core/problem.ts';
import { syncDirectory } from './sync-directory.ts';

const RESTORE_MARK = 'restore.unfinished';
const MOVED_MARK = 'moved-to-postgres';

/** Throws `not-ready` with what to do. A directory that was moved is still good for a server on Postgres. */
export async function requireServable(dataDirectory: string, isEmbedded: boolean): Promise<void> {
  if (await isRestoreUnfinished(dataDirectory)) throw unfinished(dataDirectory);
  const mark = join(dataDirectory, MOVED_MARK);
  const moved = isEmbedded ? await readIfThere(mark) : undefined;
  if (moved === undefined) return;
  throw new Problem('not-ready', {
    detail: `The database in ${dataDirectory} was moved to ${moved.trim()}: set DATABASE_URL to it. To go back to the copy here, which has nothing of what came since, remove the file ${mark}.`,
  });
}

function unfinished(dataDirectory: string): Problem {
  return new Problem('not-ready', {
    detail: `A restore into ${dataDirectory} was cut off. Run "doorward backup restore" again, which says what to do.`,
  });
}

export async function isRestoreUnfinished(dataDirectory: string): Promise<boolean> {
  return (await readIfThere(join(dataDirectory, RESTORE_MARK))) !== undefined;
}

/** On disk when it returns, before anything of the restore is. */
export async function markRestore(dataDirectory: string): Promise<void> {
  await write(join(dataDirectory, RESTORE_MARK), 'A restore into this directory has begun.\n');
}

export async function clearRestoreMark(dataDirectory: string): Promise<void> {
  await rm(join(dataDirectory, RESTORE_MARK));
  await syncDirectory(dataDirectory);
}

export async function markMoved(dataDirectory: string, where: string): Promise<void> {
  await write(join(dataDirectory, MOVED_MARK), `${where}\n`);
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flush: true });
  await syncDirectory(dirname(path));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
}
