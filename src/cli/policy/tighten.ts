// `doorward grant tighten`, and the end of `doorward run --learn`: the smallest grants that cover what an agent called.
import type { Command } from 'commander';
import type { z } from 'zod';
import type { grantTighten, TightService } from '../../operations/contracts/replays.ts';
import type { OpenContext } from '../command.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { parseMoment } from '../duration.ts';
import { printJson, write } from '../output.ts';
import { quoted } from '../quoted.ts';
import { visible } from '../visible-text.ts';
import { count, cutLines } from './replay.ts';

type Tightened = z.output<(typeof grantTighten)['output']>;

interface TightenOptions {
  readonly since: string;
  readonly apply?: true;
}

export function registerTighten(grant: Command, open: OpenContext): void {
  define(grant, {
    usage: 'tighten <agent> [service]',
    summary: 'Show the smallest grants that cover what an agent called',
    examples: [
      'doorward grant tighten claude --since 7d',
      'doorward grant tighten claude openai --since 30d --apply',
    ],
    notes:
      'Calls come from the audit log. Where three or more ids stood at the same place, {id:int}, {id:uuid} or {id} stands for\n' +
      'them. Nothing is changed without --apply, and nothing is ever added to a grant.',
  })
    .option('--since <when>', 'How far back: 7d, 12h or a time such as 2030-01-31T18:00:00Z', '7d')
    .option('--apply', 'Write them: each grant is changed to what is shown')
    .action(async (agent: string, service: string | undefined, options: TightenOptions, command: Command) =>
      tighten(open(command), { agent, service }, options),
    );
}

async function tighten(
  context: Context,
  { agent, service }: { readonly agent: string; readonly service: string | undefined },
  options: TightenOptions,
): Promise<void> {
  const since = parseMoment('--since', options.since, 'back');
  const { grantTighten: contract } = await import('../../operations/contracts/replays.ts');
  const client = await context.client();
  const tightened = await client.call(contract, {
    agent,
    since,
    ...(service === undefined ? {} : { service }),
  });
  if (!printJson(context, tightened)) {
    write(
      context,
      tightLines(context, tightened)
        .map((line) => `${line}\n`)
        .join(''),
    );
  }
  const smaller = tightened.services.filter(({ isSmaller }) => isSmaller);
  if (options.apply === true) await apply(context, tightened, smaller);
  else context.suggest(...smaller.map((one) => setCommand(agent, one)));
}

async function apply(
  context: Context,
  tightened: Tightened,
  smaller: readonly TightService[],
): Promise<void> {
  if (smaller.length === 0) {
    context.say('Nothing to change.');
    return;
  }
  if (tightened.cutAt !== null) {
    await confirmModerate(context, 'Not every recorded call was looked at. Apply it all the same?');
  }
  const { grantUpdate } = await import('../../operations/contracts/grants.ts');
  const client = await context.client();
  for (const { service, allow } of smaller) {
    await client.call(grantUpdate, { agent: tightened.agent, service, allow });
    context.say(`The grant of ${tightened.agent} on ${service} covers that now, and no more.`);
  }
}

/** What a run called, and the commands that would leave its agent no more than that. */
export async function tellLearned(
  context: Context,
  { agent, run }: { readonly agent: string; readonly run: `run_${string}` },
): Promise<void> {
  const { grantTighten: contract } = await import('../../operations/contracts/replays.ts');
  const tightened = await (await context.client()).call(contract, { agent, run });
  const called = tightened.services.filter(({ calls, refused }) => calls > 0 || refused.calls > 0);
  if (called.length === 0) {
    context.say('learned: this run called nothing');
    return;
  }
  for (const line of tightLines(context, { ...tightened, services: called })) context.say(line);
  const commands = called.filter(({ isSmaller }) => isSmaller).map((one) => setCommand(agent, one));
  for (const command of commands) context.say(`To leave it no more than that: ${command}`);
}

function tightLines(context: Context, tightened: Tightened): readonly string[] {
  if (tightened.services.length === 0) return [`The agent ${tightened.agent} has no grants.`];
  return [
    ...tightened.services.flatMap((service) => serviceLines(tightened.agent, service)),
    ...cutLines(context, tightened),
    tightened.notRecorded.join(' '),
  ];
}

function serviceLines(agent: string, tight: TightService): readonly string[] {
  const { service, present, calls, wouldRefuse, refusedAlready, refused } = tight;
  const already =
    refusedAlready === 0 ? '' : ` (the grant as it is refuses ${String(refusedAlready)} of them)`;
  const lacking = refused.allow.map((pattern) => `--allow ${quoted(pattern)}`).join(' ');
  return [
    service,
    ...patternLines(tight),
    ...(present === null ? [] : [lineOf(tight)]),
    ...(calls === 0 ? [] : [`  would have refused ${String(wouldRefuse)} of ${count(calls)}${already}`]),
    ...(refused.calls === 0
      ? []
      : [
          `  ${count(refused.calls)} refused; to allow that too: doorward grant ` +
            (present === null
              ? `add ${agent} ${service} ${visible(lacking)}`
              : `set ${agent} ${service} ${visible(lacking.replaceAll('--allow ', '--also '))}`),
        ]),
  ];
}

function lineOf({ calls, isSmaller }: TightService): string {
  if (calls === 0) return '  never called: take the grant back, if it is not needed';
  return isSmaller
    ? '  that is all it called: the grant covers more'
    : '  the grant covers no more than that';
}

function patternLines({ allow, actions }: TightService): readonly string[] {
  const width = Math.max(0, ...allow.map(({ length }) => length));
  return allow.map((pattern) => {
    const names = actions.flatMap(({ name, allow: own }) => (own.includes(pattern) ? [name] : []));
    const action = names.length === 0 ? '' : `  (action ${names.join(', ')})`;
    return `  ${visible(action === '' ? pattern : pattern.padEnd(width))}${action}`;
  });
}

function setCommand(agent: string, { service, allow }: TightService): string {
  const options = allow.map((pattern) => `--allow ${quoted(pattern)}`).join(' ');
  return visible(`doorward grant set ${agent} ${service} ${options}`);
}
