// The owner credential file: one line, mode 0600, plain or sealed under the passphrase. Its HMAC is all the database has.
import { chmod, link, lstat, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../core/problem.ts';
import type { Randomness } from '../core/time.ts';
import { createOpaqueToken, parseOpaqueToken } from '../crypto/opaque-token.ts';
import { openWithPassphrase, sealWithPassphrase } from '../crypto/passphrase.ts';
import { syncDirectory } from '../store/sync-directory.ts';

export interface OwnerCredentialOptions {
  readonly path: string;
  /** Given: the file is sealed under it. */
  readonly passphrase: (() => Promise<string>) | undefined;
}

/** The credential in the file, or a fresh one written there. A file from a start that was cut short is used again. */
export async function readOrCreateOwnerCredential(
  options: OwnerCredentialOptions,
  randomness: Randomness,
): Promise<{ credential: string; created: boolean }> {
  const existing = await readOwnerCredential(options);
  if (existing !== undefined) return { credential: existing, created: false };
  const credential = createOpaqueToken('owner', randomness);
  const text =
    options.passphrase === undefined
      ? credential
      : await sealWithPassphrase(credential, await options.passphrase(), randomness);
  const created = await createExclusively(options.path, `${text}\n`);
  return created ? { credential, created } : readOrCreateOwnerCredential(options, randomness);
}

async function readOwnerCredential(options: OwnerCredentialOptions): Promise<string | undefined> {
  const found = await lstat(options.path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile()) throw refused(options.path, 'it is not a regular file (symbolic links are refused)');
  if ((found.mode & 0o077) !== 0) throw refused(options.path, 'others may read it; run: chmod 600 on it');
  const text = (await readFile(options.path, 'utf8')).trim();
  if (parseOpaqueToken(text)?.kind === 'owner') return text;
  if (options.passphrase === undefined) throw refused(options.path, 'it holds no owner credential');
  const opened = await openWithPassphrase(text, await options.passphrase()).catch(() => undefined);
  if (opened === undefined) throw refused(options.path, 'the passphrase does not open it');
  return opened;
}

/** Writes beside the path and links it there, so that nobody ever reads half a file; false when one is there already. */
async function createExclusively(path: string, text: string): Promise<boolean> {
  const beside = `${path}.${process.pid}`;
  await writeFile(beside, text, { mode: 0o600, flush: true });
  await chmod(beside, 0o600);
  try {
    await link(beside, path);
    await syncDirectory(dirname(path)); // its hash is about to be stored: the file must be there then
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
}

function refused(path: string, why: string): Problem {
  return new Problem('not-ready', { detail: `The owner credential file ${path} is refused: ${why}.` });
}
