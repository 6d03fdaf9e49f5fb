// `doorward restore accept`: the end of the freeze that a restored vault begins with.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { printJson } from '../output.ts';
import { visible } from '../visible-text.ts';

export function register(program: Command, open: OpenContext): void {
  const restore = define(program, {
    usage: 'restore',
    summary: 'Let a restored vault work again',
    examples: ['doorward restore accept', 'doorward restore accept --yes'],
  });
  define(restore, {
    usage: 'accept',
    summary: 'End the freeze after a restore: tokens are issued and calls are made again',
    examples: ['doorward restore accept', 'doorward restore accept --yes'],
    notes: 'To restore a backup: doorward backup restore FILE',
  }).action(async (_options: object, command: Command) => accept(open(command)));
}

async function accept(context: Context): Promise<void> {
  const [{ restoreAccept }, { statusShow }, client] = await Promise.all([
    import('../../operations/contracts/backups.ts'),
    import('../../operations/contracts/status.ts'),
    context.client(),
  ]);
  const { frozen, counts } = await client.call(statusShow, {});
  if (frozen === null) {
    throw new CommandFailure(EXIT.failed, 'The vault is not frozen: there is no restore to accept.');
  }
  context.say(
    `Frozen since ${frozen.since}: ${visible(frozen.reason)}.\n` +
      'What was revoked or changed after that backup is not known here: it comes back as it was then.\n' +
      `To life come ${counted(counts.agents, 'agent')} with agent keys, ${counted(counts.grants, 'grant')} and ` +
      `${counted(counts.secrets, 'secret')}.\nAccess tokens and runs from before do not: they have ended.`,
  );
  await confirmModerate(context, 'Let the vault work again?');
  const output = await client.call(restoreAccept, {});
  if (!printJson(context, output))
    context.say('The vault works again: tokens are issued and calls are made.');
}

function counted(count: number, word: string): string {
  return `${String(count)} ${word}${count === 1 ? '' : 's'}`;
}
