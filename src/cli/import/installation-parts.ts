// What an installation has put on this machine, and taking it away again: nothing that it did not make.
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ClientConfig } from '../../config.ts';
import { adminSocketPath } from '../../core/socket-path.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { syncDirectory } from './private-files.ts';

export interface Parts {
  readonly dataDirectory: string;
  /** Files and directories to remove, in full. */
  readonly ours: readonly string[];
  /** In the data directory, and nothing of ours: the directory stays for their sake. */
  readonly foreign: readonly string[];
}

/** Names in a data directory that a server or a command of ours makes. */
const OURS = [
  /^admin\.sock$/,
  /^audit-heads\.json/,
  /^db(?:[.-].*)?$/,
  /^import$/,
  /^owner\.credential/,
  /^root\.key/,
  /^server\.lock/,
  /^restore\.unfinished$/,
  /^moved-to-postgres$/,
];
/** One of these is in every data directory. */
const MARKS = ['db', 'owner.credential', 'root.key', 'import'];

/** Throws where the data directory is not there, or does not look like one. */
export async function findParts(config: ClientConfig): Promise<Parts> {
  const dataDirectory = resolve(config.dataDirectory);
  const names = await readdir(dataDirectory).catch((cause: unknown) => {
    throw new CommandFailure(
      EXIT.failed,
      `There is no installation in ${dataDirectory}: nothing was removed.`,
      { cause },
    );
  });
  if (!names.some((name) => MARKS.includes(name))) {
    const sentence = `${dataDirectory} does not look like a data directory of Doorward: nothing was removed.`;
    throw new CommandFailure(EXIT.failed, sentence);
  }
  const isOurs = (name: string) => OURS.some((pattern) => pattern.test(name));
  const inside = names.filter(isOurs).map((name) => join(dataDirectory, name));
  const outside = [
    config.rootKeyFile,
    config.ownerCredentialFile,
    adminSocketPath(dataDirectory, config.runtimeDirectory),
  ].map((path) => resolve(path));
  const elsewhere: string[] = [];
  for (const path of outside) if (!inside.includes(path) && (await isThere(path))) elsewhere.push(path);
  return {
    dataDirectory,
    ours: [...inside, ...elsewhere],
    foreign: names.filter((name) => !isOurs(name)).map((name) => join(dataDirectory, name)),
  };
}

/** The keys first: whatever interrupts this, what is left can not be opened. */
export async function removeParts({ dataDirectory, ours, foreign }: Parts): Promise<void> {
  const isKey = (path: string) => /(?:root\.key|owner\.credential)/.test(path);
  for (const path of [...ours.filter(isKey), ...ours.filter((path) => !isKey(path))]) {
    await rm(path, { recursive: true, force: true });
  }
  if (foreign.length > 0) return;
  await rmdir(dataDirectory);
  await syncDirectory(dirname(dataDirectory));
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
