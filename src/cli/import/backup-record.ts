// What is kept of files before values in them are replaced: an age file (age-encryption.org) in the data directory whose
// passphrase is the owner credential. So no further key lies about, whoever may not administer the vault can not read it,
// and the program `age` opens it where Doorward is gone. Under a passphrase installation the credential is itself sealed.
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { decryptAge, encryptAge } from '../../crypto/age.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { importDirectory } from './ledger.ts';
import { makePrivateDirectory, syncDirectory, writeTrouble, writeWhole } from './private-files.ts';

const KeptFile = z.strictObject({
  path: z.string(),
  mode: z.number().int(),
  uid: z.number().int(),
  gid: z.number().int(),
  /** The whole file as it was. */
  before: z.base64(),
  /** SHA-256 of the file with its placeholders. Hex. */
  after: z.string(),
  /** What stood in place of what, as Latin-1 text: for a file that has been changed by others since. */
  edits: z.array(z.strictObject({ before: z.string(), after: z.string() })),
});
export type KeptFile = z.output<typeof KeptFile>;

const BackupRecord = z.strictObject({
  format: z.literal(1),
  madeAt: z.string(),
  files: z.array(KeptFile),
  placeholders: z.array(z.string()).describe('Ids.'),
});
export type BackupRecord = z.output<typeof BackupRecord>;

const ENDING = '.age';

/** Writes it, reads it back, and gives its path. Throws where it does not come back as it was written. */
export async function keepBackup(
  dataDirectory: string,
  record: BackupRecord,
  ownerCredential: string,
): Promise<string> {
  const directory = importDirectory(dataDirectory);
  const name = `${record.madeAt.replaceAll(/[:.]/g, '-')}-${randomBytes(3).toString('hex')}${ENDING}`;
  const path = join(directory, name);
  const text = JSON.stringify(record);
  try {
    await makePrivateDirectory(directory);
    const passphrase = { passphrase: ownerCredential, isRandom: true };
    const sealed = await encryptAge(streamOf(Buffer.from(text)), passphrase);
    await writeWhole(path, await collected(sealed));
  } catch (cause) {
    throw notKept(writeTrouble(cause), cause);
  }
  const back = await openText(path, ownerCredential).catch((cause: unknown) => {
    throw notKept('it does not open again', cause);
  });
  if (back !== text) throw notKept('it does not read back as it was written');
  return path;
}

/** Paths, the newest first. */
export async function listBackups(dataDirectory: string): Promise<string[]> {
  const directory = importDirectory(dataDirectory);
  const names = await readdir(directory).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(ENDING))
    .toSorted()
    .toReversed()
    .map((name) => join(directory, name));
}

export async function openBackup(path: string, ownerCredential: string): Promise<BackupRecord> {
  try {
    return BackupRecord.parse(JSON.parse(await openText(path, ownerCredential)));
  } catch (cause) {
    throw new CommandFailure(
      EXIT.failed,
      `The backup ${path} does not open: it is damaged, or was made with another owner credential. ` +
        'Name that one in DOORWARD_OWNER_CREDENTIAL_FILE; nothing was changed.',
      { cause },
    );
  }
}

export async function removeBackup(path: string): Promise<void> {
  await rm(path);
  await syncDirectory(join(path, '..'));
}

async function openText(path: string, passphrase: string): Promise<string> {
  const plain = await decryptAge(streamOf(await readFile(path)), { passphrase });
  return (await collected(plain)).toString();
}

/** In pieces of a size that the format's own streams take in stride. */
function streamOf(bytes: Buffer): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < bytes.length; at += PIECE) {
        controller.enqueue(new Uint8Array(bytes.subarray(at, at + PIECE)));
      }
      controller.close();
    },
  });
}

const PIECE = 64 * 1024;

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

function notKept(why: string, cause?: unknown): CommandFailure {
  return new CommandFailure(
    EXIT.failed,
    `No backup could be kept: ${why}. So nothing was replaced: every file is as it was. The keys are stored; ` +
      'run the same command again once there is room.',
    { cause },
  );
}
