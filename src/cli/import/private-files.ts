// Files written so that a crash at any point leaves the old one whole or the new one: a draft beside it, on the disk
// before it takes the place.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

interface FileLook {
  readonly mode: number;
  /** Kept where this user may. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** A power cut may bring the old file back: its directory is not waited for. */
  readonly mayComeBack?: true;
}

const PRIVATE: FileLook = { mode: 0o600 };

export async function writeWhole(path: string, bytes: Uint8Array | string, look = PRIVATE): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    const { owner } = look;
    const made = await file.stat();
    if (owner !== undefined && (made.uid !== owner.uid || made.gid !== owner.gid)) {
      await file.chown(owner.uid, owner.gid);
    }
    await file.chmod(look.mode);
    await file.sync();
    await file.close();
    await rename(draft, path);
  } catch (error) {
    await file.close().catch(() => undefined); // closed already, perhaps
    await rm(draft, { force: true });
    throw error;
  }
  if (look.mayComeBack !== true) await syncDirectory(dirname(path));
}

/** The name of the file that something of this name is a draft of. */
export function draftOf(name: string): string | undefined {
  return /^(.+)\.[0-9a-f]{12}\.draft$/.exec(name)?.[1];
}

/** A directory of its owner only, with its parents. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  await syncDirectory(dirname(path));
}

/** A file's name survives a power cut only once its directory is on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined); // one that may be written but not read
  try {
    await directory?.sync();
  } finally {
    await directory?.close();
  }
}

/** Why a file could not be written, in words. */
export function writeTrouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk is full';
  if (code === 'EROFS') return 'its disk may only be read';
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not write there';
  return code === '' ? 'for an unknown reason' : code;
}
