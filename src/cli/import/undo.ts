// `doorward import --restore` and `--forget`: putting back what was replaced, and letting go of what was kept for that.
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { printJson } from '../output.ts';
import { visible } from '../visible-text.ts';
import { listBackups, removeBackup } from './backup-record.ts';
import { counted } from './counted.ts';
import { type Restored, restoreAll } from './restore-files.ts';

export async function restoreFiles(context: Context): Promise<void> {
  const { dataDirectory } = await context.config();
  const backups = await listBackups(dataDirectory);
  if (backups.length === 0) throw nothingKept(dataDirectory);
  await confirmModerate(
    context,
    `Put the keys back into the files that ${counted(backups.length, 'import')} changed?`,
  );
  const restored = await restoreAll(dataDirectory, await context.ownerCredential());
  const revoked = await revoke(context, restored.placeholders);
  if (restored.troubles.length > 0) context.exitCode = EXIT.failed;
  if (printJson(context, { ...restored, revoked })) return;
  tellRestored(context, restored);
  if (restored.placeholders.length > 0 && !revoked) {
    context.warn('The placeholders were not revoked, for no server answered: doorward revoke default');
  }
  context.say('The keys stay in the vault too: doorward secret list');
}

export function tellRestored(context: Context, { whole, merged, untouched, troubles }: Restored): void {
  const named = (paths: readonly string[]) => paths.slice(0, 5).join(', ') + (paths.length > 5 ? ', …' : '');
  if (whole.length > 0)
    context.say(`As before, byte for byte: ${counted(whole.length, 'file')} (${named(whole)}).`);
  if (merged.length > 0) {
    context.say(`Changed since, so that only the placeholders were taken out: ${named(merged)}.`);
  }
  if (untouched.length > 0) context.say(`As before already: ${counted(untouched.length, 'file')}.`);
  for (const trouble of troubles) context.warn(visible(trouble));
}

/** They stand nowhere any more. False where no server answered. */
async function revoke(context: Context, ids: readonly string[]): Promise<boolean> {
  const [{ placeholderRevoke }, { ServerProblem }, client] = await Promise.all([
    import('../../operations/contracts/placeholders.ts'),
    import('../failure.ts'),
    context.client(),
  ]);
  for (const id of ids) {
    try {
      await client.call(placeholderRevoke, { id: placeholderRevoke.input.shape.id.parse(id) });
    } catch (error) {
      if (error instanceof CommandFailure) return false;
      if (!(error instanceof ServerProblem)) throw error; // gone already, with its agent or service
    }
  }
  return true;
}

export async function forgetBackups(context: Context): Promise<void> {
  const { dataDirectory } = await context.config();
  const backups = await listBackups(dataDirectory);
  if (backups.length === 0) throw nothingKept(dataDirectory);
  const question = `Remove what ${counted(backups.length, 'import')} kept of changed files? They can then not be put back.`;
  await confirmModerate(context, question);
  for (const path of backups) await removeBackup(path);
  if (printJson(context, { removed: backups })) return;
  context.say(
    `${counted(backups.length, 'backup')} removed. The keys are in the vault and nowhere else that this knows.`,
  );
}

function nothingKept(dataDirectory: string): CommandFailure {
  return new CommandFailure(
    EXIT.failed,
    `No import has changed a file, or all of that is put back or forgotten: nothing is kept in ${dataDirectory}.`,
  );
}
