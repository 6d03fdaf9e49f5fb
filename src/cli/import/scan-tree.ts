// A file or a whole tree searched for keys that were left behind.
import { lstat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import type { KeySearch } from './key-search.ts';
import { type Finding, scanFile } from './scan-file.ts';
import { walkTree } from './walk-tree.ts';

export interface Scanned {
  readonly files: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
  readonly unreadable: readonly string[];
  readonly links: number;
}

export interface ScanOptions {
  readonly search: KeySearch;
  /** Directories whose contents belong where they are: the data directory. */
  readonly except: readonly string[];
  readonly onProgress: (done: number, inAll: number) => void;
}

/** What others wrote, and what is packed so that nothing in it could be seen. */
const SKIPPED = ['node_modules', '.hg', '.svn'];
const AT_ONCE = 16;

export async function scanTree(path: string, options: ScanOptions): Promise<Scanned> {
  const stats = await lstat(path).catch((cause: unknown) => {
    throw new CommandFailure(EXIT.usage, `${path} is not there, or can not be reached by this user.`, {
      cause,
    });
  });
  if (!stats.isDirectory()) return scanFiles({ files: [path], links: 0, unreadable: [] }, options);
  const except = options.except.map((directory) => resolve(directory));
  const walked = await walkTree(path, {
    skips: (below) =>
      SKIPPED.includes(basename(below)) ||
      /(?:^|\/)\.git\/objects$/.test(below) ||
      except.includes(resolve(join(path, below))),
    accepts: () => true,
    onProgress: (seen) => options.onProgress(0, seen),
  });
  return scanFiles(walked, options);
}

interface ToScan {
  readonly files: readonly string[];
  readonly links: number;
  readonly unreadable: readonly string[];
}

async function scanFiles({ files, links, unreadable }: ToScan, options: ScanOptions): Promise<Scanned> {
  const { search, onProgress } = options;
  const findings: Finding[] = [];
  const unread = [...unreadable];
  let bytes = 0;
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let path = files[next++]; path !== undefined; path = files[next++]) {
      const found = await scanFile(path, search, (read) => {
        bytes += read;
        onProgress(done, files.length);
      });
      done += 1;
      if (found === undefined) unread.push(path);
      else findings.push(...found);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  findings.sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : one.at - other.at));
  return { files: files.length, bytes, findings, unreadable: unread, links };
}
