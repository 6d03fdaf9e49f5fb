// A backup file and what opens it, as a reader of its rows; and the check of a whole one.
import type { ReadableStream } from 'node:stream/web';
import type { Randomness } from '../../core/time.ts';
import type { AgeError, AgeKeys } from '../../crypto/age.ts';
import { Keyring } from '../keyring.ts';
import { BackupCheck, type CheckReport } from './check.ts';
import { BackupFailure } from './failure.ts';
import { digestOf, type Manifest } from './format.ts';
import { BackupReader } from './reader.ts';

/** Throws BackupFailure, and so does whatever reads on. */
export async function openBackupFile(file: ReadableStream<Uint8Array>, keys: AgeKeys): Promise<BackupReader> {
  const { AgeError, decryptAge, hasBadIdentity } = await import('../../crypto/age.ts');
  if ('identities' in keys && hasBadIdentity(keys.identities)) {
    throw new BackupFailure(
      'wrong-key',
      'The identity file holds a line that is no age identity: they begin with AGE-SECRET-KEY-1.',
    );
  }
  const translated = (error: unknown) => (error instanceof AgeError ? toFailure(error) : error);
  const plain = await decryptAge(file, keys).catch((error: unknown) => {
    throw translated(error);
  });
  return await BackupReader.open(
    (async function* () {
      try {
        yield* plain;
      } catch (error) {
        throw translated(error);
      }
    })(),
  );
}

function toFailure(error: AgeError): BackupFailure {
  switch (error.trouble) {
    case 'wrong-key':
      return new BackupFailure(
        'wrong-key',
        'What was given does not open this backup: another passphrase or identity is needed.',
        error,
      );
    case 'needs-passphrase':
      return new BackupFailure(
        'wrong-key',
        'This backup is encrypted to a passphrase, not to a recipient.',
        error,
      );
    case 'needs-identity':
      return new BackupFailure(
        'wrong-key',
        'This backup is encrypted to age recipients: name the file of an identity with --identity.',
        error,
      );
    case 'no-age-file':
      return new BackupFailure('unusable', 'This is no backup of Doorward: it is not an age file.', error);
    case 'damaged':
      return new BackupFailure(
        'damaged',
        'The backup is damaged or cut off: what follows does not belong to what came before. Use another copy; nothing was changed.',
        error,
      );
  }
}

export interface BackupReport extends Omit<CheckReport, 'chains'> {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly chains: number;
}

/** Reads all of it. Throws BackupFailure where it is not whole; what is amiss inside stands in the findings. */
export async function verifyBackup(reader: BackupReader, randomness: Randomness): Promise<BackupReport> {
  const { installation } = reader.header;
  const keyring =
    reader.storeKey === undefined ? undefined : new Keyring(installation, reader.storeKey, randomness);
  try {
    const check = new BackupCheck(installation, keyring);
    for await (const rows of reader.rows()) await check.add(rows);
    const { chains, ...report } = check.end();
    const { manifest } = reader;
    return { ...report, manifest, digest: digestOf(manifest), chains: chains.size };
  } finally {
    keyring?.dispose();
  }
}
