// One file with what was found in it, as it was when it was read: enough to tell later whether it has changed since.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { type Format, formatOf, PARSERS } from './formats.ts';
import type { FoundValue } from './found-value.ts';

export interface SourceFile {
  /** The file itself, behind any link that was named. */
  readonly path: string;
  /** As the person knows it. */
  readonly shown: string;
  readonly format: Format;
  readonly bytes: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Names of the file, hard links: more than one means that replacing one leaves the others as they are. */
  readonly names: number;
  readonly values: readonly FoundValue[];
  readonly troubles: readonly string[];
}

/** Far more than any such file has; what is larger was named by mistake. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The file, or a sentence about why it was not read. */
export async function readSource(path: string, shown: string): Promise<SourceFile | string> {
  try {
    const real = await realpath(path);
    // Opening a pipe for reading would wait for a writer, for ever.
    const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      const { mode, uid, gid, nlink, size } = stats;
      if (!stats.isFile()) return `${shown} is no file: it is passed over.`;
      if (size > MAX_BYTES) return `${shown} is larger than 16 MiB: it is passed over.`;
      const bytes = await file.readFile();
      const read = { path: real, shown, bytes, mode: mode & 0o7777, uid, gid, names: nlink };
      return { ...read, ...parse(real, bytes) };
    } finally {
      await file.close();
    }
  } catch (error) {
    return `${shown} can not be read${reason(error)}: it is passed over.`;
  }
}

/** What `bytes` hold when they stand in a file of this path. */
export function parse(path: string, bytes: Buffer): Pick<SourceFile, 'format' | 'values' | 'troubles'> {
  const text = bytes.toString('latin1');
  const format = formatOf(path, text);
  if (text.includes('\0')) {
    const sentence = 'It holds zero bytes, as binary files and UTF-16 do: nothing in it was read.';
    return { format, values: [], troubles: [sentence] };
  }
  return { format, ...PARSERS[format](text) };
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is none',
    EACCES: 'this user may not',
    EPERM: 'this user may not',
    EISDIR: 'it is a directory',
    ELOOP: 'its links run in a circle',
  };
  return code === '' ? '' : ` (${words[code] ?? code})`;
}
