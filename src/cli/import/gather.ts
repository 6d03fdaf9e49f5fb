// From what somebody named to values: files, directory trees with the known files in them, and the process environment.
import { lstat, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { HOME_PLACES, knownFormat, PROJECT_PLACES } from './formats.ts';
import type { Origin } from './plan.ts';
import { readSource } from './source-file.ts';
import { walkTree } from './walk-tree.ts';

export interface Wanted {
  readonly paths: readonly string[];
  /** Also the places in it where programs keep keys; undefined: not those. */
  readonly home: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
  readonly onProgress: (done: number, inAll: number) => void;
}

export interface Gathered {
  readonly origins: readonly Origin[];
  /** Sentences about what was passed over. */
  readonly notes: readonly string[];
  readonly filesSeen: number;
}

/** Directories that hold what others wrote, or a copy. */
const SKIPPED = ['node_modules', '.git', '.hg', '.svn', '.venv', '__pycache__'];
const AT_ONCE = 32;

/** Throws where a path that was named is not there. */
export async function gather({ paths, home, environment, onProgress }: Wanted): Promise<Gathered> {
  const notes: string[] = [];
  const files = new Set<string>();
  let filesSeen = 0;
  const isNothingNamed = paths.length === 0 && home === undefined && environment === undefined;
  for (const path of isNothingNamed ? await knownHere() : paths) {
    const kind = await kindOf(path);
    if (kind === 'directory') {
      const walked = await walkTree(path, {
        skips: (below) => SKIPPED.includes(basename(below)),
        accepts: (below) => knownFormat(join(path, below)) !== undefined,
        onProgress: (seen) => {
          filesSeen = Math.max(filesSeen, seen);
          onProgress(seen, 0);
        },
      });
      for (const file of walked.files) files.add(resolve(file));
      notes.push(...walked.unreadable.map((directory) => `The directory ${directory} can not be opened.`));
      if (walked.links > 0) notes.push(`${count(walked.links, 'symbolic link')} in ${path} not followed.`);
    } else files.add(resolve(path));
  }
  for (const place of home === undefined ? [] : HOME_PLACES) {
    const path = join(home ?? '', place);
    if (await isFile(path)) files.add(path);
  }
  const origins: Origin[] = [];
  const list = [...files];
  for (let at = 0; at < list.length; at += AT_ONCE) {
    const part = list.slice(at, at + AT_ONCE);
    for (const source of await Promise.all(part.map(async (path) => readSource(path, shownAs(path))))) {
      if (typeof source === 'string') notes.push(source);
      else
        origins.push({ shown: source.shown, file: source, values: source.values, troubles: source.troubles });
    }
    onProgress(at + part.length, list.length);
  }
  if (environment !== undefined) origins.push(fromEnvironment(environment));
  return { origins, notes, filesSeen: Math.max(filesSeen, list.length) };
}

/** `.env` files and MCP configurations of the working directory, but not of those below it. */
async function knownHere(): Promise<string[]> {
  const here = await walkTree('.', {
    skips: () => true,
    accepts: (path) => knownFormat(resolve(path)) !== undefined,
  });
  const project: string[] = [];
  for (const path of PROJECT_PLACES) if (await isFile(path)) project.push(path);
  const found = [...new Set([...here.files, ...project])];
  if (found.length > 0) return found;
  throw new CommandFailure(
    EXIT.usage,
    'No .env file and no MCP configuration is in this directory. Name files or directories, or add --home or --environment.',
  );
}

async function kindOf(path: string): Promise<'file' | 'directory'> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (cause) {
    const isThere = (await lstat(path).catch(() => undefined)) !== undefined;
    const why = isThere ? 'can not be reached by this user, or is a link that leads nowhere' : 'is not there';
    throw new CommandFailure(EXIT.usage, `${path} ${why}: nothing was imported.`, { cause });
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

/** Below the working directory as one would type it, elsewhere in full. */
function shownAs(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Origin {
  const values = Object.entries(environment)
    .filter(([name]) => !name.startsWith('DOORWARD_'))
    .map(([name, value = '']) => ({ name, value, start: 0, end: 0, line: 0, scope: '' }));
  return { shown: 'environment', file: undefined, values, troubles: [] };
}

function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun} was` : `${String(number)} ${noun}s were`;
}
