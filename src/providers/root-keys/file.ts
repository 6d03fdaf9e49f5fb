// Root key in a file: 32 random bytes, mode 0600. Refused if others may read it or if it is a symbolic link.
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Problem } from '../../core/problem.ts';
import type { Randomness } from '../../core/time.ts';
import { slotAad } from '../../crypto/aad.ts';
import { sha256 } from '../../crypto/encoding.ts';
import { openEnvelope, sealEnvelope } from '../../crypto/envelope.ts';
import { SecretBytes } from '../../crypto/secret-bytes.ts';
import type { RootKeyOptions, RootKeyProvider } from './provider.ts';

const KEY_BYTES = 32;

export async function openFileProvider(
  options: RootKeyOptions,
  randomness: Randomness,
): Promise<RootKeyProvider> {
  const path = options.rootKeyFile;
  const key = (await readKey(path)) ?? (await createKey(path, options.mayCreate, randomness));
  const keyId = key.use((bytes) => sha256(Buffer.from('doorward root key id'), bytes).toString('hex', 0, 8));
  return {
    name: 'file',
    keyId,
    wrap: async (storeKey, context) => ({
      parameters: {},
      record: key.use((bytes) =>
        sealEnvelope({
          keyRef: { kind: 'root', id: context.slot, generation: 1 },
          key: bytes,
          plaintext: storeKey,
          aad: slotAad({ ...context, provider: 'file', providerKeyId: keyId }),
          randomness,
        }),
      ),
    }),
    unwrap: async (wrapped, context) => {
      try {
        return key.use((bytes) =>
          openEnvelope(
            wrapped.record,
            bytes,
            slotAad({ ...context, provider: 'file', providerKeyId: keyId }),
          ),
        );
      } catch {
        return undefined; // the envelope has one error for every failure: this key does not open this slot
      }
    },
  };
}

async function readKey(path: string): Promise<SecretBytes | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile()) throw refused(path, 'it is not a regular file (symbolic links are refused)');
  if ((found.mode & 0o077) !== 0) throw refused(path, 'others may read it; run: chmod 600 on it');
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const bytes = await file.readFile();
    if (bytes.length !== KEY_BYTES) throw refused(path, `it must hold exactly ${KEY_BYTES} bytes`);
    return SecretBytes.take(bytes);
  } finally {
    await file.close();
  }
}

async function createKey(path: string, mayCreate: boolean, randomness: Randomness): Promise<SecretBytes> {
  if (!mayCreate) {
    throw new Problem('not-ready', {
      detail: `The root key file ${path} is missing, and the database already holds data. Restore the file, since a new key would not open anything; or set DOORWARD_ROOT_KEY_PROVIDER to what the installation was made with.`,
    });
  }
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const bytes = randomness.bytes(KEY_BYTES);
  // Written beside and linked there whole: a replica that starts at the same moment must not read half a key.
  const beside = `${path}.${randomness.bytes(8).toString('hex')}`;
  try {
    await writeFile(beside, bytes, { mode: 0o600, flag: 'wx', flush: true });
    await link(beside, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const other = await readKey(path); // another replica was first: use its key
    if (other === undefined) throw refused(path, 'it vanished while it was read');
    return other;
  } finally {
    await rm(beside, { force: true });
  }
  await syncDirectory(directory); // without the name nothing that is wrapped from here on could be opened again
  return SecretBytes.take(bytes);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function refused(path: string, why: string): Problem {
  return new Problem('not-ready', { detail: `The root key file ${path} is refused: ${why}.` });
}
