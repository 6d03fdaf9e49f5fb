// Reading the owner credential: a file only its owner may read, plain or sealed under the passphrase.
import { readFileSync, statSync } from 'node:fs';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

interface Source {
  readonly file: string;
  readonly passphrase: string | undefined;
  /** Asks a person, where one is there. */
  readonly askPassphrase: () => Promise<string>;
}

/** The credential's text. Failures end with exit code 4 and say what to do. */
export async function readOwnerCredential(source: Source): Promise<string> {
  const text = readPrivateFile(source.file);
  if (text.startsWith('dw_owner_')) return text;
  const { openWithPassphrase } = await import('../crypto/passphrase.ts');
  const passphrase = source.passphrase ?? (await source.askPassphrase());
  try {
    return await openWithPassphrase(text, passphrase);
  } catch (cause) {
    throw authNeeded(`The passphrase does not open the owner credential in ${source.file}.`, cause);
  }
}

function readPrivateFile(path: string): string {
  let mode: number;
  let text: string;
  try {
    ({ mode } = statSync(path));
    text = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw authNeeded(
      isMissing
        ? `There is no owner credential at ${path}. The first start of the server writes it: run "doorward serve" once, ` +
            'or name the file in DOORWARD_OWNER_CREDENTIAL_FILE or the directory with --data-dir.'
        : `The owner credential ${path} can not be read by this user. Run the command as the user that owns it.`,
      cause,
    );
  }
  if ((mode & 0o077) !== 0) {
    throw authNeeded(
      `The owner credential ${path} may be read by others, so it is not used. Run: chmod 600 ${path}`,
    );
  }
  if (text === '') throw authNeeded(`The owner credential file ${path} is empty.`);
  return text;
}

function authNeeded(message: string, cause?: unknown): CommandFailure {
  return new CommandFailure(EXIT.authNeeded, message, { cause });
}
