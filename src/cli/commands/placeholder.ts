// `doorward placeholder`: what stands where a client expects a key, for programs that `doorward run` does not start.
import type { Command } from 'commander';
import type { PlaceholderRecord } from '../../operations/contracts/placeholders.ts';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { parseSeconds } from '../duration.ts';
import { usageFailure } from '../failure.ts';
import { type Column, momentCell, printJson, printList, write } from '../output.ts';

interface Pair {
  readonly agent: string;
  readonly service: string;
}

interface AddOptions {
  readonly expires?: string;
}

export function register(program: Command, open: OpenContext): void {
  const placeholder = define(program, {
    usage: 'placeholder',
    summary: 'Make worthless stand-ins for keys, and revoke them',
    examples: ['doorward placeholder add claude openai', 'doorward placeholder list'],
  });
  define(placeholder, {
    usage: 'add <agent> <service>',
    summary: 'Make a placeholder of an agent for a service; it is printed once, on stdout',
    examples: [
      'doorward placeholder add claude openai --expires 8h',
      '(umask 077; doorward placeholder add worker stripe > stripe.key)',
    ],
    notes:
      'It looks like a key of the service where that look is known, and is worthless anywhere but at this broker, for this\n' +
      'agent and this service. `doorward run` makes one for each service by itself: this is for programs started otherwise.',
  })
    .option('--expires <duration>', 'How long it is good: 15m, 8h, 30d; without it until it is revoked')
    .action(async (agent: string, service: string, options: AddOptions, command: Command) =>
      add(open(command), { agent, service }, options),
    );
  define(placeholder, {
    usage: 'list',
    summary: 'List placeholders, but for those of runs',
    examples: ['doorward placeholder list', 'doorward placeholder list --agent claude'],
  })
    .option('--agent <name>', 'Only those of this agent')
    .option('--service <name>', 'Only those for this service')
    .action(async (options: Partial<Pair>, command: Command) => list(open(command), options));
  define(placeholder, {
    usage: 'revoke <id>',
    summary: 'Make a placeholder worthless: no call with it starts after this returns',
    examples: [
      'doorward placeholder revoke plh_01jd8m4q6ve3rr1vh5x2ykt9c7',
      'doorward placeholder list --agent claude',
    ],
  }).action(async (id: string, _options: object, command: Command) => revoke(open(command), id));
}

async function add(context: Context, pair: Pair, { expires }: AddOptions): Promise<void> {
  const { placeholderCreate } = await import('../../operations/contracts/placeholders.ts');
  const expiresInSeconds = expires === undefined ? undefined : parseSeconds('--expires', expires);
  if (expiresInSeconds === 0) throw usageFailure('--expires wants a duration such as 15m, 8h or 30d.');
  const output = await (await context.client()).call(placeholderCreate, {
    ...pair,
    ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
  });
  if (printJson(context, output)) return;
  const end = output.expiresAt === null ? '' : ` until ${momentCell(context, output.expiresAt)}`;
  context.say(
    `${output.id} stands for the key of ${output.service}, for ${output.agent} alone${end}. Shown only now:`,
  );
  write(context, `${output.placeholder}\n`);
  context.suggest(`doorward placeholder revoke ${output.id}`);
}

async function list(context: Context, { agent, service }: Partial<Pair>): Promise<void> {
  const [{ placeholderList }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/placeholders.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  const input = { ...(agent === undefined ? {} : { agent }), ...(service === undefined ? {} : { service }) };
  await printList(context, await callAllPages(client, placeholderList, input), columns(context));
}

async function revoke(context: Context, id: string): Promise<void> {
  const { placeholderRevoke } = await import('../../operations/contracts/placeholders.ts');
  const { isId } = await import('../../core/ids.ts');
  if (!isId('plh', id))
    throw usageFailure('A placeholder is named by its id, plh_…: see doorward placeholder list');
  const record = await (await context.client()).call(placeholderRevoke, { id });
  if (printJson(context, record)) return;
  context.say(`The placeholder of ${record.agent} for ${record.service} is worthless.`);
}

function columns(context: Context): readonly Column<PlaceholderRecord>[] {
  return [
    { title: 'agent', value: (row) => row.agent },
    { title: 'service', value: (row) => row.service },
    {
      title: 'expires',
      value: (row) => (row.expiresAt === null ? null : momentCell(context, row.expiresAt)),
    },
    { title: 'created', value: (row) => momentCell(context, row.createdAt) },
    { title: 'id', value: (row) => row.id },
  ];
}
