// Confirmation by severity: what can be set up again asks y/N, what is gone for ever wants its name typed.
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, usageFailure } from './failure.ts';

/** Moderate: y/N on a terminal, `--yes` elsewhere. */
export async function confirmModerate(context: Context, question: string): Promise<void> {
  if (context.flags.yes === true) return;
  if (!context.isInteractive) throw usageFailure(`${question} Nobody is there to ask: add --yes.`);
  const { askYesNo } = await import('./prompt.ts');
  if (!(await askYesNo(context.terminal, question))) throw unconfirmed();
}

/** Severe: the name typed on a terminal, `--confirm NAME` elsewhere; `--yes` does not count. */
export async function confirmSevere(
  context: Context,
  severe: { readonly warning: string; readonly name: string; readonly confirmed: string | undefined },
): Promise<void> {
  const { warning, name, confirmed } = severe;
  if (confirmed === name) return;
  if (confirmed !== undefined) throw usageFailure(`--confirm must repeat the name exactly: ${name}`);
  if (!context.isInteractive) throw usageFailure(`${warning} Nobody is there to ask: add --confirm ${name}.`);
  const { askToType } = await import('./prompt.ts');
  const question = `${warning} Type ${name} to go on`;
  if (!(await askToType(context.terminal, question, name))) throw unconfirmed();
}

function unconfirmed(): CommandFailure {
  return new CommandFailure(EXIT.failed, 'Not confirmed: nothing was changed.');
}
