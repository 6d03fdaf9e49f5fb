// `doorward uninstall` from top to bottom: what would go is said and agreed to; files get their keys back; the server
// ends; and only then is anything removed.
import type { ClientConfig } from '../../config.ts';
import { confirmSevere } from '../confirm.ts';
import { type Context, effectiveEnvironment } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { printJson } from '../output.ts';
import { listBackups } from './backup-record.ts';
import { type CompletionLines, findCompletionLines, removeCompletionLines } from './completion-lines.ts';
import { counted } from './counted.ts';
import { findParts, type Parts, removeParts } from './installation-parts.ts';
import { type Restored, restoreAll } from './restore-files.ts';
import { endRuns, isServerRunning, stopServer } from './stop-server.ts';
import { tellRestored } from './undo.ts';

export interface UninstallOptions {
  readonly restore?: true;
  readonly stop?: true;
  readonly confirm?: string;
}

interface Found {
  readonly config: ClientConfig;
  readonly parts: Parts;
  readonly backups: readonly string[];
  readonly lines: readonly CompletionLines[];
  readonly isRunning: boolean;
}

export async function uninstall(context: Context, options: UninstallOptions): Promise<void> {
  const found = await look(context, options);
  sayWhatGoes(context, found);
  await confirmSevere(context, {
    warning: 'Every key in the vault is erased for ever, and agents can call nothing any more.',
    name: 'doorward',
    confirmed: options.confirm,
  });
  const { config, parts, lines, isRunning } = found;
  const restored = await restore(context, found);
  const runsEnded = isRunning ? await endRuns(context) : 0;
  if (isRunning) await stopServer(config);
  await removeCompletionLines(lines);
  await removeParts(parts);
  const { ours: removed, foreign: left } = parts;
  if (printJson(context, { removed, left, restored: restored ?? null, runsEnded })) return;
  if (runsEnded > 0) context.say(`${counted(runsEnded, 'run')} ended.`);
  context.say('Doorward has left this machine. The program itself: npm uninstall -g doorward');
}

/** Throws where it can not begin; nothing is changed here. */
async function look(context: Context, options: UninstallOptions): Promise<Found> {
  const config = await context.config();
  if (config.url !== undefined) {
    throw usageFailure('An installation is removed on its own machine: leave out --url and DOORWARD_URL.');
  }
  const parts = await findParts(config);
  const [backups, lines, isRunning] = await Promise.all([
    listBackups(config.dataDirectory),
    findCompletionLines(context.terminal.environment['HOME']),
    isServerRunning(config),
  ]);
  if (isRunning && options.stop !== true) {
    throw new CommandFailure(
      EXIT.failed,
      `A server runs on ${parts.dataDirectory}. Stop it first (Ctrl-C where it was started, or systemctl stop doorward), ` +
        'or add --stop. Nothing was removed.',
    );
  }
  if (backups.length > 0 && options.restore !== true) {
    throw new CommandFailure(
      EXIT.failed,
      `Files hold placeholders, and the keys that stood in them are kept only here. Add --restore to put them back, or ` +
        'let them go first: doorward import --forget. Nothing was removed.',
    );
  }
  return { config, parts, backups, lines, isRunning };
}

function sayWhatGoes(context: Context, { parts, backups, lines, isRunning }: Found): void {
  const { dataDirectory, ours, foreign } = parts;
  const elsewhere = ours.filter((path) => !path.startsWith(`${dataDirectory}/`));
  context.say(
    [
      'This removes:',
      `  ${dataDirectory}, with every key, agent and audit event in it`,
      ...elsewhere.map((path) => `  ${path}`),
      ...lines.map(({ path, count }) => `  ${counted(count, 'line')} for completion in ${path}`),
      ...(isRunning ? ['The server that runs here is stopped, and its runs end.'] : []),
      ...(backups.length > 0
        ? [`The files that ${counted(backups.length, 'import')} changed get their keys back.`]
        : []),
      ...(foreign.length > 0 ? [`Not ours, so it stays: ${foreign.join(', ')}`] : []),
      ...(hasDatabase(context) ? ['The Postgres database in DATABASE_URL is not touched.'] : []),
    ].join('\n'),
  );
}

function hasDatabase(context: Context): boolean {
  const { DATABASE_URL, DATABASE_URL_FILE } = effectiveEnvironment(context);
  return DATABASE_URL !== undefined || DATABASE_URL_FILE !== undefined;
}

/** Every file, or nothing is removed. */
async function restore(context: Context, { config, backups }: Found): Promise<Restored | undefined> {
  if (backups.length === 0) return undefined;
  const restored = await restoreAll(config.dataDirectory, await context.ownerCredential());
  if (context.flags.json !== true) tellRestored(context, restored);
  if (restored.troubles.length === 0) return restored;
  throw new CommandFailure(
    EXIT.failed,
    'Not every file could be put back, so nothing was removed. Settle these, or let them go: doorward import --forget',
  );
}
