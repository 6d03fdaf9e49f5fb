// Putting placeholders in place of keys: first every file is looked at once more, then all of them are kept, and only then
// is the first one changed.
import { readFile } from 'node:fs/promises';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { type BackupRecord, keepBackup, type KeptFile } from './backup-record.ts';
import { applyEdits, byFile, type Edit, editsOf, readsBack, type Replacement } from './edits.ts';
import type { PlannedKey } from './plan.ts';
import { writeTrouble, writeWhole } from './private-files.ts';
import { digest, type SourceFile } from './source-file.ts';

interface Change {
  readonly file: SourceFile;
  readonly edits: readonly Edit[];
  readonly after: Buffer;
  /** How many keys that takes out of it. */
  readonly values: number;
}

export interface Replaced {
  readonly files: readonly string[];
  readonly values: number;
  /** Sentences about files that were left as they were. */
  readonly troubles: readonly string[];
  readonly backup: string | undefined;
}

interface Surroundings {
  readonly dataDirectory: string;
  readonly ownerCredential: string;
  readonly madeAt: string;
  readonly placeholderIds: readonly string[];
  readonly onProgress: (done: number, inAll: number) => void;
}

/** Files changed at once; each waits for the disk. */
const AT_ONCE = 16;

/** Nothing is changed when this throws. */
export async function replaceInFiles(
  keys: readonly PlannedKey[],
  replacements: readonly Replacement[],
  surroundings: Surroundings,
): Promise<Replaced> {
  const { changes, troubles } = prepare(keys, replacements);
  await requireUnchanged(changes);
  if (changes.length === 0) return { files: [], values: 0, troubles, backup: undefined };
  const { dataDirectory, ownerCredential, madeAt, placeholderIds, onProgress } = surroundings;
  const record: BackupRecord = {
    format: 1,
    madeAt,
    files: changes.map(toKept),
    placeholders: [...placeholderIds],
  };
  const backup = await keepBackup(dataDirectory, record, ownerCredential);
  const done: Change[] = [];
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    const part = changes.slice(at, at + AT_ONCE);
    const outcomes = await Promise.all(part.map(putInPlace));
    outcomes.forEach((trouble, index) => {
      const change = part[index];
      if (trouble !== undefined) troubles.push(trouble);
      else if (change !== undefined) done.push(change);
    });
    onProgress(at + part.length, changes.length);
  }
  const values = done.reduce((sum, change) => sum + change.values, 0);
  return { files: done.map(({ file }) => file.shown), values, troubles, backup };
}

/** What each file becomes; a file that would read otherwise than meant is left as it is. */
function prepare(keys: readonly PlannedKey[], replacements: readonly Replacement[]) {
  const changes: Change[] = [];
  const troubles: string[] = [];
  for (const [file, placed] of byFile(replacements)) {
    const edits = editsOf(file, placed);
    const after = applyEdits(file.bytes, edits);
    const trouble = troubleOf(file, after, edits);
    if (trouble === undefined) changes.push({ file, edits, after, values: placed.length });
    else troubles.push(`${file.shown} is left as it was: ${trouble}`);
  }
  if (keys.length > 0 && changes.length === 0 && troubles.length === 0) {
    troubles.push('There is nothing to replace: no key stands in a file.');
  }
  return { changes, troubles };
}

function troubleOf(file: SourceFile, after: Buffer, edits: readonly Edit[]): string | undefined {
  if (file.names > 1) {
    return `it has ${String(file.names)} names (hard links), and the key would stay under the others.`;
  }
  return readsBack(file, after, edits) ? undefined : 'a placeholder would not read back from it.';
}

async function requireUnchanged(changes: readonly Change[]): Promise<void> {
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    const part = changes.slice(at, at + AT_ONCE);
    const changed = await Promise.all(part.map(async ({ file }) => !(await isUnchanged(file))));
    const first = part.find((_, index) => changed[index] === true);
    if (first === undefined) continue;
    throw new CommandFailure(
      EXIT.failed,
      `${first.file.shown} has changed since it was read: nothing was replaced. The keys are stored; run the same ` +
        'command again.',
    );
  }
}

async function isUnchanged(file: SourceFile): Promise<boolean> {
  const now = await readFile(file.path).catch(() => undefined);
  return now?.equals(file.bytes) === true;
}

function toKept({ file, edits, after }: Change): KeptFile {
  const { path, mode, uid, gid, bytes } = file;
  return {
    path,
    mode,
    uid,
    gid,
    before: bytes.toString('base64'),
    after: digest(after),
    edits: edits.map(({ start, end, text }) => ({
      before: bytes.toString('latin1', start, end),
      after: text,
    })),
  };
}

/** A sentence where the file was left as it was. */
async function putInPlace({ file, after }: Change): Promise<string | undefined> {
  const { path, shown, mode, uid, gid } = file;
  if (!(await isUnchanged(file)))
    return `${shown} is left as it was: it has just been changed by somebody else.`;
  try {
    await writeWhole(path, after, { mode, owner: { uid, gid }, mayComeBack: true });
    return undefined;
  } catch (error) {
    return `${shown} is left as it was: ${writeTrouble(error)}.`;
  }
}
