// `doorward grant freeze|unfreeze`: one grant out of service and back, as guards do it by themselves.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { printJson } from '../output.ts';

interface Pair {
  readonly agent: string;
  readonly service: string;
}

export function registerFreeze(grant: Command, open: OpenContext): void {
  define(grant, {
    usage: 'freeze <agent> <service>',
    summary: 'Stop calls under a grant: none of them starts after this returns',
    examples: [
      'doorward grant freeze claude openai',
      "doorward grant freeze claude openai --reason 'odd calls at night'",
    ],
    notes:
      'The grant stays as it is. Guards freeze grants too, such as one whose answers hold the key again and again.',
  })
    .option('--reason <text>', 'Shown with the grant, and in the audit log')
    .action(async (agent: string, service: string, options: { reason?: string }, command: Command) =>
      freeze(open(command), { agent, service }, options.reason),
    );
  define(grant, {
    usage: 'unfreeze <agent> <service>',
    summary: 'Let an agent call under a frozen grant again',
    examples: ['doorward grant unfreeze claude openai', 'doorward grant show claude openai'],
  }).action(async (agent: string, service: string, _options: object, command: Command) =>
    unfreeze(open(command), { agent, service }),
  );
}

async function freeze(context: Context, pair: Pair, reason: string | undefined): Promise<void> {
  const { grantFreeze } = await import('../../operations/contracts/grants.ts');
  const input = { ...pair, ...(reason === undefined ? {} : { reason }) };
  const record = await (await context.client()).call(grantFreeze, input);
  if (printJson(context, record)) return;
  context.say(`The grant of ${record.agent} on ${record.service} is frozen: no call under it starts.`);
  context.suggest(`doorward grant unfreeze ${record.agent} ${record.service}`);
}

async function unfreeze(context: Context, pair: Pair): Promise<void> {
  const { grantUnfreeze } = await import('../../operations/contracts/grants.ts');
  const record = await (await context.client()).call(grantUnfreeze, pair);
  if (!printJson(context, record)) context.say(`Agent ${record.agent} may call ${record.service} again.`);
}
