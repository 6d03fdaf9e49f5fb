// The files of a directory tree, in the order of their names. Symbolic links are never followed: what they lead to may
// lie anywhere.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface Walked {
  readonly files: readonly string[];
  /** Links that were passed over. */
  readonly links: number;
  /** Directories that could not be opened. */
  readonly unreadable: readonly string[];
}

export interface WalkOptions {
  /** Which directories are left out, by path below the top. */
  readonly skips: (path: string) => boolean;
  readonly accepts: (path: string) => boolean;
  readonly onProgress?: (seen: number) => void;
}

/** Directories read at once: enough to keep the disk busy. */
const AT_ONCE = 16;

export async function walkTree(top: string, options: WalkOptions): Promise<Walked> {
  const files: string[] = [];
  const unreadable: string[] = [];
  let links = 0;
  let seen = 0;
  let level: string[] = [''];
  while (level.length > 0) {
    const next: string[] = [];
    for (let at = 0; at < level.length; at += AT_ONCE) {
      const listings = await Promise.all(
        level
          .slice(at, at + AT_ONCE)
          .map(async (below) => ({ below, entries: await list(join(top, below)) })),
      );
      for (const { below, entries } of listings) {
        if (entries === undefined) unreadable.push(join(top, below));
        for (const entry of entries ?? []) {
          const path = join(below, entry.name);
          seen += 1;
          if (entry.isSymbolicLink()) links += 1;
          else if (entry.isDirectory() && !options.skips(path)) next.push(path);
          else if (entry.isFile() && options.accepts(path)) files.push(join(top, path));
        }
      }
      options.onProgress?.(seen);
    }
    level = next;
  }
  return { files: files.sort(), links, unreadable };
}

async function list(path: string) {
  return readdir(path, { withFileTypes: true }).catch(() => undefined);
}
