// `doorward revoke`: whatever an agent was handed is worthless from here on.
import type { Command } from 'commander';
import { DEFAULT_AGENT } from '../add-key.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { printJson } from '../output.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'revoke [agent]',
    summary: 'Make everything an agent holds worthless, at once',
    examples: ['doorward revoke', 'doorward revoke worker'],
    notes:
      `Without a name it is the agent ${DEFAULT_AGENT}. Its runs end, its access tokens and placeholders are refused, and calls under\n` +
      'way break off before this returns. Keys stay where they are, and a new run may start: to stop that too, freeze it.',
  }).action(async (agent: string | undefined, _options: object, command: Command) =>
    revoke(open(command), agent ?? DEFAULT_AGENT),
  );
}

async function revoke(context: Context, agent: string): Promise<void> {
  const { agentRevoke } = await import('../../operations/contracts/agents.ts');
  const output = await (await context.client()).call(agentRevoke, { name: agent });
  if (printJson(context, output)) return;
  const { runsEnded, placeholdersRevoked } = output;
  context.say(
    `The agent ${agent} is revoked: ${count(runsEnded, 'run')} ended, ${count(placeholdersRevoked, 'placeholder')} and every ` +
      'access token made before now are worthless.',
  );
  context.suggest(`doorward agent freeze ${agent}`, 'doorward log');
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
}
