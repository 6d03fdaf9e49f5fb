// Files in the age format (age-encryption.org/v1), to a passphrase or to recipients, as streams. Passphrases are stretched
// by Node's scrypt in its own threads: the library's would hold up every call of a running server for a second.
// Imported where a backup is made or opened and nowhere else: it loads curves and lattices that nothing else needs.
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import type { ReadableStream } from 'node:stream/web';
import { Decrypter, Encrypter, type Identity, type Recipient, Stanza } from 'age-encryption';

export type AgeRecipients =
  /** `isRandom`: 32 random bytes or more: nobody can guess it, however little it is stretched. */
  { readonly passphrase: string; readonly isRandom?: boolean } | { readonly recipients: readonly string[] };

export type AgeKeys = { readonly passphrase: string } | { readonly identities: readonly string[] };

/** Why an age file does not open. `wrong-key` also stands for damage to the few bytes the key is tried on. */
export type AgeTrouble = 'no-age-file' | 'wrong-key' | 'needs-passphrase' | 'needs-identity' | 'damaged';

export class AgeError extends Error {
  override readonly name = 'AgeError';
  readonly trouble: AgeTrouble;

  constructor(trouble: AgeTrouble, cause?: unknown) {
    super(`the age file can not be opened: ${trouble}`, { cause });
    this.trouble = trouble;
  }
}

/** 128 MiB and some tenths of a second per guess, as for every other passphrase here; age itself takes 18. */
const WORK_FACTOR = 17;
/** Of what can not be guessed: a megabyte and some milliseconds. */
const RANDOM_WORK_FACTOR = 10;
const MAX_WORK_FACTOR = 20;
const SALT_BYTES = 16;
const FILE_KEY_BYTES = 16;
const TAG_BYTES = 16;
const BLOCK_SIZE = 8;
const LABEL = Buffer.from('age-encryption.org/v1/scrypt');
const NO_NONCE = Buffer.alloc(12); // age gives each file key a wrapping key of its own
const CIPHER = 'chacha20-poly1305';

/** Whether one of these is no recipient. */
export function hasBadRecipient(recipients: readonly string[]): boolean {
  return recipients.some((recipient) => !isAccepted(() => new Encrypter().addRecipient(recipient)));
}

/** Whether one of these is no identity. */
export function hasBadIdentity(identities: readonly string[]): boolean {
  return identities.some((identity) => !isAccepted(() => new Decrypter().addIdentity(identity)));
}

function isAccepted(add: () => void): boolean {
  try {
    add();
    return true;
  } catch {
    return false;
  }
}

export async function encryptAge(
  plain: ReadableStream<Uint8Array>,
  to: AgeRecipients,
): Promise<ReadableStream<Uint8Array>> {
  const encrypter = new Encrypter();
  if ('passphrase' in to)
    encrypter.addRecipient(
      passphraseRecipient(to.passphrase, to.isRandom === true ? RANDOM_WORK_FACTOR : WORK_FACTOR),
    );
  else for (const recipient of to.recipients) encrypter.addRecipient(recipient);
  return await encrypter.encrypt(plain as Parameters<Encrypter['encrypt']>[0] & ReadableStream<Uint8Array>);
}

/** The plain bytes. Throws AgeError, and its stream fails with one where the rest is damaged or missing. */
export async function decryptAge(
  file: ReadableStream<Uint8Array>,
  keys: AgeKeys,
): Promise<AsyncIterable<Uint8Array>> {
  const decrypter = new Decrypter();
  if ('passphrase' in keys) decrypter.addIdentity(passphraseIdentity(keys.passphrase));
  else {
    decrypter.addIdentity(refusePassphraseFiles);
    for (const identity of keys.identities) decrypter.addIdentity(identity);
  }
  const plain = await decrypter
    .decrypt(file as Parameters<Decrypter['decrypt']>[0] & ReadableStream<Uint8Array>)
    .catch((error: unknown) => {
      throw explain(error);
    });
  return chunksOf(plain);
}

async function* chunksOf(plain: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of plain) yield chunk;
  } catch (error) {
    throw isForeign(error) ? error : new AgeError('damaged', error);
  }
}

/** The library has no kinds of errors, only sentences. */
function explain(error: unknown): unknown {
  if (error instanceof AgeError || isForeign(error)) return error;
  const text = error instanceof Error ? error.message : '';
  if (text.includes('no identity matched')) return new AgeError('wrong-key', error);
  if (/HMAC|stream ended|tag/.test(text)) return new AgeError('damaged', error);
  return new AgeError('no-age-file', error);
}

/** A file that can not be read is not a damaged one. */
function isForeign(error: unknown): boolean {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

function passphraseRecipient(passphrase: string, factor: number): Recipient {
  return {
    wrapFileKey: async (fileKey) => {
      const salt = randomBytes(SALT_BYTES);
      const key = await stretch(passphrase, salt, factor);
      const cipher = createCipheriv(CIPHER, key, NO_NONCE, { authTagLength: TAG_BYTES });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      key.fill(0);
      return [new Stanza(['scrypt', unpadded(salt), String(factor)], body)];
    },
  };
}

function passphraseIdentity(passphrase: string): Identity {
  return {
    unwrapFileKey: async (stanzas) => {
      const [stanza] = stanzas;
      const [kind, saltText = '', factorText = ''] = stanza?.args ?? [];
      if (stanza === undefined || stanzas.length !== 1 || kind !== 'scrypt')
        throw new AgeError('needs-identity');
      const salt = Buffer.from(saltText, 'base64');
      const factor = /^[1-9]\d?$/.test(factorText) ? Number(factorText) : Infinity;
      if (salt.length !== SALT_BYTES || factor > MAX_WORK_FACTOR) throw new AgeError('damaged');
      if (stanza.body.length !== FILE_KEY_BYTES + TAG_BYTES) throw new AgeError('damaged');
      const key = await stretch(passphrase, salt, factor);
      const decipher = createDecipheriv(CIPHER, key, NO_NONCE, { authTagLength: TAG_BYTES });
      key.fill(0);
      decipher.setAuthTag(stanza.body.subarray(FILE_KEY_BYTES));
      try {
        return Buffer.concat([
          decipher.update(stanza.body.subarray(0, FILE_KEY_BYTES)),
          decipher.final(), // throws where the tag is another one
        ]);
      } catch {
        return null;
      }
    },
  };
}

const refusePassphraseFiles: Identity = {
  unwrapFileKey: (stanzas) => {
    if (stanzas.some(({ args }) => args[0] === 'scrypt')) throw new AgeError('needs-passphrase');
    return null;
  },
};

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

/** RFC 7914 with the salt that the format asks for. */
function stretch(passphrase: string, salt: Buffer, factor: number): Promise<Buffer> {
  const N = 2 ** factor;
  const options = { N, r: BLOCK_SIZE, p: 1, maxmem: 2 * 128 * N * BLOCK_SIZE };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), Buffer.concat([LABEL, salt]), 32, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
