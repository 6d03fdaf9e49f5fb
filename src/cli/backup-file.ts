// Backup files: written beside their place and put there whole, readable by their owner only; read as a stream of bytes.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, usageFailure } from './failure.ts';
import { createProgress } from './progress.ts';

export const STANDARD_STREAM = '-';

export interface Written {
  readonly bytes: number;
  /** Of the file. Hex. */
  readonly sha256: string;
}

/** Nothing stands at `path` before all of it does, and nothing that stood there goes unless `force` says so. */
export async function writeBackupFile(
  path: string,
  force: boolean,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Written> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`;
  const file = await open(draft, 'wx', 0o600).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  try {
    const written = await copy(chunks, async (chunk) => {
      await file.write(chunk).catch((error: unknown) => {
        throw unwritable(path, error);
      });
    });
    await file.sync();
    await file.close();
    if (force) await rename(draft, path);
    else await linkNew(draft, path);
    await syncDirectory(dirname(path));
    return written;
  } finally {
    await file.close().catch(() => undefined); // closed already where all went well
    await rm(draft, { force: true });
  }
}

export async function writeStandardOutput(
  { terminal: { stdout } }: Context,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Written> {
  return await copy(chunks, async (chunk) => {
    if (!stdout.write(chunk)) await new Promise((resolve) => stdout.once('drain', resolve));
  });
}

async function copy(
  chunks: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
    await write(chunk);
  }
  return { bytes, sha256: hash.digest('hex') };
}

export async function requireFree(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) throw taken(path);
}

async function linkNew(draft: string, path: string): Promise<void> {
  await link(draft, path).catch((error: unknown) => {
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? taken(path) : error;
  });
}

function taken(path: string): CommandFailure {
  return usageFailure(`${path} is there already. Choose another name, or add --force to replace it.`);
}

function unwritable(path: string, cause: unknown): CommandFailure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no code';
  const why = UNWRITABLE[code] ?? `it can not be written (${code})`;
  return new CommandFailure(EXIT.failed, `No backup was made at ${path}: ${why}.`, { cause });
}

const UNWRITABLE: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no room for it',
  EDQUOT: 'there is no room for it',
  ENOENT: 'there is no such directory; make it first',
  ENOTDIR: 'there is no such directory; make it first',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
};

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The bytes of a backup file, with a bar while they are read. */
export async function readBackupFile(
  context: Context,
  path: string,
  label: string,
): Promise<ReadableStream<Uint8Array>> {
  const { source, size } = await openSource(context, path);
  const progress = createProgress(context, label);
  let done = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        const bytes = chunk as Buffer; // no encoding is set
        done += bytes.length;
        progress.update(done, size);
        yield new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      }
    } finally {
      progress.end();
    }
  };
  return Readable.toWeb(Readable.from(counted(), { objectMode: true })) as ReadableStream<Uint8Array>;
}

/** Whether it is encrypted to age recipients and not to a passphrase: looked at before anything is asked for. */
export async function isToRecipients(path: string): Promise<boolean> {
  if (path === STANDARD_STREAM) return false; // read once, by whoever opens it
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(AGE_HEAD_BYTES), 0, AGE_HEAD_BYTES, 0);
    return /^age-encryption\.org\/v1\n-> (?!scrypt )/.test(buffer.toString('latin1', 0, bytesRead));
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await file.close();
  }
}

const AGE_HEAD_BYTES = 64;

async function openSource(context: Context, path: string): Promise<{ source: Readable; size: number }> {
  if (path === STANDARD_STREAM) return { source: context.terminal.stdin, size: 0 };
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw unreadable(path);
  return { source: createReadStream(path), size: found.size };
}

function unreadable(path: string, cause?: unknown): CommandFailure {
  return new CommandFailure(EXIT.usage, `There is no backup file at ${path} that this user can read.`, {
    cause,
  });
}
