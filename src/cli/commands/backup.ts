// `doorward backup`: made by a running server, verified and restored while none runs.
import type { IncomingMessage } from 'node:http';
import type { Command } from 'commander';
import { choosePassphrase, type OpeningOptions } from '../backup-keys.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { printJson } from '../output.ts';
import { type Address, isReadableOnTheWay } from '../transport.ts';

interface CreateOptions {
  readonly recipient?: readonly string[];
  readonly passphraseFile?: string;
  readonly keys?: boolean;
  readonly force?: boolean;
}

const WHOEVER =
  'Whoever has the file and its passphrase or identity has every secret in it. `-` stands for stdout or stdin.';

export function register(program: Command, open: OpenContext): void {
  const backup = define(program, {
    usage: 'backup',
    summary: 'Make, verify and restore encrypted backups',
    examples: ['doorward backup create doorward.backup', 'doorward backup verify doorward.backup'],
  });
  define(backup, {
    usage: 'create <file>',
    summary: 'Make an encrypted backup while the server runs',
    examples: [
      'doorward backup create doorward.backup',
      'doorward backup create --recipient age1… - > doorward.backup',
    ],
    notes: WHOEVER,
  })
    .option(
      '--recipient <recipient>',
      'An age recipient instead of a passphrase; several may be given',
      collect,
    )
    .option('--passphrase-file <path>', 'File that holds the passphrase')
    .option('--without-keys', 'Leave the store key out: a restore then needs the original root key')
    .option('--force', 'Replace the file where it is there already')
    .action(async (file: string, options: CreateOptions & { withoutKeys?: boolean }, command: Command) =>
      create(open(command), file, options),
    );
  defineOffline(backup, {
    usage: 'verify <file>',
    summary: 'Check a backup: every digest, every key, every chain of the audit log',
    examples: [
      'doorward backup verify doorward.backup',
      'doorward backup verify doorward.backup --identity key.txt',
    ],
    notes: `Needs no server. Ends with ${String(EXIT.unhealthy)} when something is wrong.`,
  }).action(async (file: string, options: OpeningOptions, command: Command) => {
    const { verify } = await import('../offline.ts');
    await verify(open(command), file, options);
  });
  defineOffline(backup, {
    usage: 'restore <file>',
    summary: 'Restore a backup into an empty data directory or Postgres database',
    examples: [
      'DOORWARD_DATA_DIR=./restored doorward backup restore doorward.backup',
      'DATABASE_URL=postgres://… doorward backup restore doorward.backup',
    ],
    notes:
      'Configured by the environment, as a server is. The restored vault is frozen: look at it, revoke what has to be\n' +
      'revoked, then run doorward restore accept.',
  }).action(async (file: string, options: OpeningOptions, command: Command) => {
    const { restore } = await import('../offline.ts');
    await restore(open(command), file, options);
  });
}

function defineOffline(parent: Command, definition: Parameters<typeof define>[1]): Command {
  return define(parent, definition)
    .option('--passphrase-file <path>', 'File that holds the passphrase')
    .option('--identity <path>', 'File that holds an age identity, for a backup to recipients');
}

async function create(
  context: Context,
  path: string,
  options: CreateOptions & { withoutKeys?: boolean },
): Promise<void> {
  const [{ backupCreate }, files] = await Promise.all([
    import('../../operations/contracts/backups.ts'),
    import('../backup-file.ts'),
  ]);
  const isStandard = path === files.STANDARD_STREAM;
  if (options.passphraseFile !== undefined && options.recipient !== undefined) {
    throw usageFailure('Give either --recipient or --passphrase-file.');
  }
  if (isStandard && context.terminal.stdout.isTTY === true) {
    throw usageFailure('A backup is bytes, not text: send stdout into a file or a pipe.');
  }
  if (!isStandard && options.force !== true) await files.requireFree(path);
  const { recipient: recipients, withoutKeys } = options;
  const client = await context.client();
  const to =
    recipients === undefined
      ? { passphrase: await chosen(context, client.address, options) }
      : { recipients: [...recipients] };
  const answer = await client.download(backupCreate, { ...to, keys: withoutKeys !== true });
  const chunks = watched(context, answer);
  const written = isStandard
    ? await files.writeStandardOutput(context, chunks)
    : await files.writeBackupFile(path, options.force === true, chunks);
  if (isStandard || !printJson(context, { file: path, ...written })) {
    context.say(`The backup is whole: ${String(written.bytes)} bytes, SHA-256 ${written.sha256}.`);
  }
  if (!isStandard) context.suggest(`doorward backup verify ${path}`);
}

/** The passphrase goes to the server, which encrypts: on the wire nobody else may read it. */
async function chosen(context: Context, address: Address, options: CreateOptions): Promise<string> {
  if (address.kind === 'url' && isReadableOnTheWay(address.url)) {
    throw usageFailure(
      `The passphrase would go to ${address.url} unencrypted. Use the admin socket, an https address, or --recipient.`,
    );
  }
  return choosePassphrase(context, options);
}

/** The body with a bar beside it. Throws when the server cut it off. */
async function* watched(context: Context, answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  const { createProgress } = await import('../progress.ts');
  const progress = createProgress(context, 'Backing up');
  const inAll = Number(answer.headers['doorward-estimated-bytes'] ?? 0);
  let done = 0;
  try {
    for await (const chunk of answer) {
      const bytes = chunk as Buffer; // no encoding is set
      done += bytes.length;
      progress.update(done, inAll);
      yield bytes;
    }
  } catch (cause) {
    throw new CommandFailure(
      EXIT.failed,
      "The server cut the backup off: nothing was kept. The server's own log says why; then try again.",
      { cause },
    );
  } finally {
    progress.end();
  }
}
