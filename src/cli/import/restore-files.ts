// Putting files back as they were before an import: byte for byte, or, where somebody has changed one since, only the
// placeholders in it.
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type BackupRecord, type KeptFile, listBackups, openBackup, removeBackup } from './backup-record.ts';
import { draftOf, syncDirectory, writeTrouble, writeWhole } from './private-files.ts';
import { digest } from './source-file.ts';

export interface Restored {
  /** As they were, byte for byte. */
  readonly whole: readonly string[];
  /** Changed by others since: the keys stand again where they stood, the changes stay. */
  readonly merged: readonly string[];
  /** Nothing had been replaced in them, or it was put back already. */
  readonly untouched: readonly string[];
  readonly troubles: readonly string[];
  /** Ids of placeholders that stand nowhere any more. */
  readonly placeholders: readonly string[];
}

/** The newest backup first, so that a file that was changed twice ends as it began. A backup that is done with is removed. */
export async function restoreAll(dataDirectory: string, ownerCredential: string): Promise<Restored> {
  const paths = await listBackups(dataDirectory);
  const records: { readonly path: string; readonly record: BackupRecord }[] = [];
  for (const path of paths) records.push({ path, record: await openBackup(path, ownerCredential) });
  const all: { readonly file: KeptFile; readonly outcome: Outcome }[] = [];
  const placeholders: string[] = [];
  for (const { path, record } of records) {
    const outcomes = await restoreOne(record);
    all.push(...outcomes);
    if (outcomes.some(({ outcome }) => typeof outcome !== 'string')) continue;
    placeholders.push(...record.placeholders);
    await settleDirectories(record.files.map((file) => file.path));
    await removeBackup(path);
  }
  const those = (wanted: Outcome) => [
    ...new Set(all.filter(({ outcome }) => outcome === wanted).map(({ file }) => file.path)),
  ];
  return {
    whole: those('whole'),
    merged: those('merged'),
    untouched: those('untouched'),
    troubles: all.flatMap(({ outcome }) => (typeof outcome === 'string' ? [] : [outcome.trouble])),
    placeholders,
  };
}

type Outcome = 'whole' | 'merged' | 'untouched' | { readonly trouble: string };

const AT_ONCE = 16;

async function restoreOne({ files }: BackupRecord) {
  const outcomes: { file: KeptFile; outcome: Outcome }[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const part = files.slice(at, at + AT_ONCE);
    outcomes.push(
      ...(await Promise.all(part.map(async (file) => ({ file, outcome: await restoreFile(file) })))),
    );
  }
  return outcomes;
}

async function restoreFile(file: KeptFile): Promise<Outcome> {
  const { path, mode, uid, gid } = file;
  const before = Buffer.from(file.before, 'base64');
  try {
    const now = await readIfThere(path);
    if (now?.equals(before) === true) return 'untouched';
    const isAsReplaced = now === undefined || digest(now) === file.after;
    const { bytes, trouble } = isAsReplaced ? { bytes: before, trouble: undefined } : undo(now, file);
    if (now?.equals(bytes) !== true)
      await writeWhole(path, bytes, { mode, owner: { uid, gid }, mayComeBack: true });
    if (trouble !== undefined) return { trouble };
    return isAsReplaced ? 'whole' : 'merged';
  } catch (error) {
    return { trouble: `${path} could not be put back: ${writeTrouble(error)}.` };
  }
}

/** The file with what was put into it taken out again, wherever it has moved to; and what could not be. */
function undo(now: Buffer, { path, edits }: KeptFile): { bytes: Buffer; trouble: string | undefined } {
  let text = now.toString('latin1');
  let trouble: string | undefined;
  for (const { before, after } of edits) {
    const isSure = edits.every((other) => other.after !== after || other.before === before);
    const isThere = text.includes(after);
    if (isThere && isSure) text = text.replaceAll(after, () => before);
    else if (isThere || !text.includes(before)) {
      trouble = `${path} was changed since, and a value that was replaced in it has no place any more: it stays in the backup.`;
    }
  }
  return { bytes: Buffer.from(text, 'latin1'), trouble };
}

/** On the disk, and without the drafts that a crash may have left: those of a restore hold keys. */
async function settleDirectories(paths: readonly string[]): Promise<void> {
  const names = new Map<string, Set<string>>();
  for (const path of paths) {
    const directory = dirname(path);
    names.set(directory, (names.get(directory) ?? new Set()).add(basename(path)));
  }
  const list = [...names];
  for (let at = 0; at < list.length; at += AT_ONCE) {
    await Promise.all(
      list.slice(at, at + AT_ONCE).map(async ([directory, files]) => {
        const drafts = (await readdir(directory)).filter((name) => files.has(draftOf(name) ?? ''));
        await Promise.all(drafts.map((name) => rm(join(directory, name), { force: true })));
        await syncDirectory(directory);
      }),
    );
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
}
