// A small file that is either its old or its new content, also after a power cut: the audit log's heads are kept in one.
import { constants } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';

export interface HeadFile {
  readonly path: string;
  /** The content, or undefined where there is no file yet. */
  read(): Promise<string | undefined>;
  /** Replaces the content; on disk when it returns. Calls must not overlap. */
  replace(content: string): Promise<void>;
}

const OWNER_ONLY = 0o600;
const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;

/** The file at `path`; its directory must exist. */
export function openHeadFile(path: string): HeadFile {
  return { path, read: () => read(path), replace: (content) => replace(path, content) };
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function replace(path: string, content: string): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, OWNER_ONLY);
  try {
    await file.chmod(OWNER_ONLY); // a draft left behind keeps its own mode otherwise
    await file.writeFile(content, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncDirectory(dirname(path)); // without this a power cut can bring the old name back
}
