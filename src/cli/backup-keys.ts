// What a backup is encrypted to and opened with: a passphrase from a file, the environment or a prompt, or age identities
// from a file. Never an argument: those are visible to other processes.
import { readFileSync } from 'node:fs';
import { isToRecipients } from './backup-file.ts';
import { type Context, effectiveEnvironment } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, usageFailure } from './failure.ts';

type OpeningKeys = { readonly passphrase: string } | { readonly identities: readonly string[] };

interface PassphraseOptions {
  readonly passphraseFile?: string;
}

export interface OpeningOptions extends PassphraseOptions {
  readonly identity?: string;
}

/** A passphrase chosen now: typed twice where it is typed. */
export async function choosePassphrase(context: Context, options: PassphraseOptions): Promise<string> {
  const given = await givenPassphrase(context, options);
  if (given !== undefined) return given;
  const { askHiddenTwice } = await import('./prompt.ts');
  requireSomebody(context);
  return askHiddenTwice(context.terminal, 'Passphrase of the backup: without it nothing opens it');
}

/** What opens the backup at `path`. */
export async function openingKeys(
  context: Context,
  path: string,
  options: OpeningOptions,
): Promise<OpeningKeys> {
  const isForIdentities = await isToRecipients(path);
  if (options.identity !== undefined) return { identities: identitiesOf(options.identity) };
  if (isForIdentities) {
    throw new CommandFailure(
      EXIT.authNeeded,
      'This backup is encrypted to age recipients: name the file of an identity with --identity.',
    );
  }
  const given = await givenPassphrase(context, options);
  if (given !== undefined) return { passphrase: given };
  const { askHidden } = await import('./prompt.ts');
  requireSomebody(context);
  return { passphrase: await askHidden(context.terminal, 'Passphrase of the backup') };
}

async function givenPassphrase(
  context: Context,
  { passphraseFile }: PassphraseOptions,
): Promise<string | undefined> {
  if (passphraseFile === undefined) {
    const { parseBackupPassphrase } = await import('../config.ts');
    return parseBackupPassphrase(effectiveEnvironment(context));
  }
  const text = readText(passphraseFile, 'passphrase').replace(/\r?\n$/, '');
  if (text === '') throw usageFailure(`The passphrase file ${passphraseFile} is empty.`);
  return text;
}

function requireSomebody(context: Context): void {
  if (context.isInteractive) return;
  throw new CommandFailure(
    EXIT.usage,
    'A passphrase is needed, and nobody is there to ask for it. Name a file that holds it with --passphrase-file or in ' +
      'DOORWARD_BACKUP_PASSPHRASE_FILE.',
  );
}

/** One identity a line; comments and empty lines are passed over, as age does. */
function identitiesOf(path: string): readonly string[] {
  const lines = readText(path, 'identity')
    .split(/\r?\n/)
    .map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.length === 0) throw usageFailure(`The identity file ${path} holds no age identity.`);
  return identities;
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CommandFailure(EXIT.usage, `The ${what} file ${path} can not be read.`, { cause });
  }
}
