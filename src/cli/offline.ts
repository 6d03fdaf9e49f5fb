// Commands that work while no server runs: they open what a server would open, and hold it meanwhile.
import { readFileSync } from 'node:fs';
import { parseServerConfig } from '../config.ts';
import { systemRandomness } from '../crypto/randomness.ts';
import {
  migrateSchema,
  moveToPostgres,
  type OfflineWorld,
  restoreInstallation,
  verifyBackupFile,
} from '../offline.ts';
import { BackupFailure } from '../vault/backup/failure.ts';
import { readBackupFile } from './backup-file.ts';
import { type OpeningOptions, openingKeys } from './backup-keys.ts';
import { type Context, effectiveEnvironment } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, usageFailure } from './failure.ts';
import { printJson, printList, printRecord, write } from './output.ts';
import { createProgress } from './progress.ts';
import { explainStart } from './start-failure.ts';
import { visible } from './visible-text.ts';

export async function verify(context: Context, path: string, options: OpeningOptions): Promise<void> {
  const keys = await openingKeys(context, path, options);
  const bytes = await readBackupFile(context, path, 'Verifying');
  const { manifest, findings, unlisted, ...report } = await explained(
    verifyBackupFile({ bytes, keys }, worldOf(context)),
  );
  const isSound = findings.length === 0;
  if (!isSound) context.exitCode = EXIT.unhealthy;
  const { createdAt, version, installation, keys: hasKeys, tables } = manifest;
  const problems = findings.length + unlisted;
  await printRecord(context, { ok: isSound, ...report, findings, unlisted, manifest }, [
    ['verdict', isSound ? 'whole' : 'whole, but something in it is wrong'],
    ['made', createdAt],
    ['by', `Doorward ${version}`],
    ['installation', installation],
    [
      'keys',
      hasKeys ? 'inside' : 'not inside: nothing in it could be opened, so keys and chains were not checked',
    ],
    ['rows', tables.reduce((sum, { rows }) => sum + rows, 0)],
    ['values opened', report.valuesOpened],
    ['audit chains', report.chains],
    ['problems', problems],
    ['digest', report.digest],
  ]);
  if (context.flags.json !== true) listFindings(context, findings, unlisted);
}

function listFindings(context: Context, findings: readonly string[], unlisted: number): void {
  write(context, findings.map((finding) => `${visible(finding)}\n`).join(''));
  if (unlisted > 0) write(context, `and ${String(unlisted)} more\n`);
}

export async function restore(context: Context, path: string, options: OpeningOptions): Promise<void> {
  const config = parseServerConfig(effectiveEnvironment(context));
  const keys = await openingKeys(context, path, options);
  const bytes = await readBackupFile(context, path, 'Restoring');
  const restored = await explained(restoreInstallation(config, worldOf(context), { bytes, keys }));
  const { manifest, digest, findings, unlisted, rootKeyProvider, isOwnerCredentialNew, wasUnfinished } =
    restored;
  for (const finding of findings) context.warn(`In the backup: ${visible(finding)}`);
  if (unlisted > 0) context.warn(`and ${String(unlisted)} more: doorward backup verify ${path}`);
  const { createdAt, installation } = manifest;
  const { ownerCredentialFile, rootKeyFile } = config;
  const told = { installation, createdAt, digest, rootKeyProvider, ownerCredentialFile, findings, unlisted };
  if (printJson(context, told)) return;
  if (wasUnfinished) context.say('What an earlier restore had begun here was thrown away.');
  context.say(
    `The installation ${installation} is restored as it was at ${createdAt} (digest ${digest}).\n` +
      (rootKeyProvider === 'file'
        ? `Its root key is in ${rootKeyFile}: keep a copy of it elsewhere.\n`
        : 'Its root key is the passphrase.\n') +
      `The owner credential is ${isOwnerCredentialNew ? 'a new one' : 'the one'} in ${ownerCredentialFile}.\n` +
      'The vault is frozen: no token is issued and no call is made. Start the server, look at what came back, revoke what\n' +
      'was revoked since, then run: doorward restore accept',
  );
}

export async function migrate(
  context: Context,
  { to, toFile }: { readonly to?: string; readonly toFile?: string },
): Promise<void> {
  const config = parseServerConfig(effectiveEnvironment(context));
  if (to === undefined && toFile === undefined) {
    const { applied } = await explained(migrateSchema(config));
    if (printJson(context, { schema: 'current', applied })) return;
    const steps = `${String(applied)} migration${applied === 1 ? '' : 's'}`;
    context.say(
      applied === 0
        ? 'The schema was that of this version already.'
        : `The schema is that of this version now: ${steps} applied.`,
    );
    return;
  }
  const progress = createProgress(context, 'Moving');
  const moving = moveToPostgres(config, targetOf(context, to, toFile), ({ done, inAll }) =>
    progress.update(done, inAll),
  );
  const { tables, where } = await explained(moving).finally(() => progress.end());
  await printList(context, { items: tables }, [
    { title: 'table', value: ({ name }) => name },
    { title: 'rows', value: ({ rows }) => rows },
    { title: 'sha-256, the same on both sides', value: ({ sha256 }) => sha256 },
  ]);
  if (context.flags.json === true) return;
  context.say(
    `Everything is in ${where}, and nothing here was changed. From now on set DATABASE_URL to it, with the same data\n` +
      'directory and root key: doorward serve',
  );
}

function targetOf(context: Context, to: string | undefined, toFile: string | undefined): string {
  if (to !== undefined && toFile !== undefined) throw usageFailure('Give either --to or --to-file.');
  const url = to ?? readAddress(toFile ?? '');
  // Checked as DATABASE_URL is: by putting it in its place.
  const { databaseUrl } = parseServerConfig({ DATABASE_URL: url });
  if (databaseUrl === undefined) throw usageFailure('The address to move to is empty.');
  if (to !== undefined && /^[^:]+:\/\/[^@/?]*:[^@/?]+@/.test(to)) {
    context.warn(
      'The password in --to can be read by every process of this machine and stays in the shell history: --to-file is better.',
    );
  }
  return databaseUrl;
}

function readAddress(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new CommandFailure(EXIT.usage, `The file ${path} can not be read.`, { cause });
  }
}

function worldOf(context: Context): OfflineWorld {
  return {
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    randomness: systemRandomness(),
    ...(context.isInteractive ? { passphrase: (isNew) => askPassphrase(context, isNew) } : {}),
  };
}

async function askPassphrase({ terminal }: Context, isNew: boolean): Promise<string> {
  const { askHidden, askHiddenTwice } = await import('./prompt.ts');
  return isNew
    ? askHiddenTwice(terminal, 'New passphrase of the installation: without it nothing can be opened again')
    : askHidden(terminal, 'Passphrase of the installation');
}

/** What is wrong with a backup ends with the code of a check, what does not open it with that of a credential. */
async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof BackupFailure)) throw explainStart(error);
    const code = error.trouble === 'wrong-key' ? EXIT.authNeeded : EXIT.unhealthy;
    throw new CommandFailure(code, error.message, { cause: error });
  }
}
