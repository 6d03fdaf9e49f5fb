// `doorward grant`: which agent may call which service, and which of its methods and paths.
import type { Command } from 'commander';
import type { GrantRecord } from '../../operations/contracts/grants.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { parseMoment } from '../duration.ts';
import { usageFailure } from '../failure.ts';
import {
  CONSTRAINT_NOTES,
  type ConstraintOptions,
  constraintsFrom,
  constraintTexts,
  liftedFrom,
  withConstraints,
} from '../grant/constraints.ts';
import { registerFreeze } from '../grant/freeze.ts';
import { REPLAY, replayFirst } from '../policy/replay.ts';
import { registerTighten } from '../policy/tighten.ts';
import { momentCell, printJson, printList, printRecord } from '../output.ts';
import type { Column } from '../output.ts';
import type { OpenContext } from '../command.ts';

interface AddOptions extends ConstraintOptions {
  readonly allow?: readonly string[];
  readonly expires?: string;
  readonly replay?: string;
}

/** What `set` changes; false where a flag takes something away. */
interface SetOptions extends ConstraintOptions {
  readonly allow?: readonly string[];
  readonly also?: readonly string[];
  readonly allowAll?: true;
  readonly lift?: readonly string[];
  readonly expires?: string | false;
  readonly replay?: string;
}

interface ListOptions {
  readonly agent?: string;
  readonly service?: string;
}

export function register(program: Command, open: OpenContext): void {
  const grant = define(program, {
    usage: 'grant',
    summary: 'Say which agent may call what',
    examples: ["doorward grant add claude openai --allow 'GET /v1/models'", 'doorward grant list'],
  });
  const adding = define(grant, {
    usage: 'add <agent> <service>',
    summary: 'Let an agent call a service',
    examples: [
      "doorward grant add claude openai --allow 'GET /v1/models' --allow 'POST /v1/chat/**'",
      'doorward grant add claude openai --action chat --hours 09:00-18:00 --days mon-fri --expires 30d',
    ],
    notes:
      'Without --allow and --action every method and path is granted that no guard of the service denies. A pattern is a\n' +
      'method and a path: {name} stands for one segment, {name:int} and {name:uuid} for such a one, ** at the end for any\n' +
      `number of them; GET allows HEAD too.\n\n${CONSTRAINT_NOTES}`,
  });
  withConstraints(adding)
    .option('--allow <pattern>', "A method and path, such as 'GET /v1/models'; may be repeated", collect)
    .option('--expires <when>', 'End of the grant: 8h, 30d or a time such as 2030-01-31T18:00:00Z')
    .option(...REPLAY)
    .action(async (agent: string, service: string, options: AddOptions, command: Command) =>
      add(open(command), { agent, service }, options),
    );
  define(grant, {
    usage: 'list',
    summary: 'List grants',
    examples: ['doorward grant list', 'doorward grant list --agent claude'],
  })
    .option('--agent <name>', 'Only grants of this agent')
    .option('--service <name>', 'Only grants on this service')
    .action(async (options: ListOptions, command: Command) => list(open(command), options));
  registerSet(grant, open);
  registerFreeze(grant, open);
  registerTighten(grant, open);
  define(grant, {
    usage: 'show <agent> <service>',
    summary: 'Show what an agent may call of a service',
    examples: ['doorward grant show claude openai', 'doorward grant show claude openai --json'],
  }).action(async (agent: string, service: string, _options: object, command: Command) =>
    show(open(command), { agent, service }),
  );
  define(grant, {
    usage: 'remove <agent> <service>',
    summary: 'Take a grant back: no call under it starts after this returns',
    examples: ['doorward grant remove claude openai', 'doorward grant rm claude openai --json'],
  })
    .alias('rm')
    .action(async (agent: string, service: string, _options: object, command: Command) =>
      remove(open(command), { agent, service }),
    );
}

function registerSet(grant: Command, open: OpenContext): void {
  const setting = define(grant, {
    usage: 'set <agent> <service>',
    summary: 'Change what a grant covers or when it ends',
    examples: [
      "doorward grant set claude openai --also 'DELETE /v1/files/{id}'",
      'doorward grant set claude openai --expires 8h',
    ],
    notes:
      'Only what is named changes; --allow replaces the patterns there were, --also adds to them. Calls that the grant no\n' +
      `longer covers end before this returns.\n\n${CONSTRAINT_NOTES}`,
  });
  withConstraints(setting)
    .option('--lift <constraint>', 'Takes one away, such as hours or body, or all; may be repeated', collect)
    .option('--allow <pattern>', "A method and path, such as 'GET /v1/models'; may be repeated", collect)
    .option('--also <pattern>', 'A further one, beside those there are; may be repeated', collect)
    .option('--allow-all', 'Every method and path')
    .option('--expires <when>', 'End of the grant: 8h, 30d or a time such as 2030-01-31T18:00:00Z')
    .option('--no-expires', 'The grant has no end')
    .option(...REPLAY)
    .action(async (agent: string, service: string, options: SetOptions, command: Command) =>
      set(open(command), { agent, service }, options),
    );
}

interface Pair {
  readonly agent: string;
  readonly service: string;
}

async function add(context: Context, pair: Pair, options: AddOptions): Promise<void> {
  const { grantCreate } = await import('../../operations/contracts/grants.ts');
  const { allow, expires } = options;
  const expiresAt = expires === undefined ? undefined : parseMoment('--expires', expires, 'ahead');
  const constraints = constraintsFrom(options);
  const patterns = allow === undefined ? {} : { allow: [...allow] };
  if (options.replay !== undefined) {
    await replayFirst(context, { ...pair, ...patterns, constraints }, options.replay);
  }
  const record = await (await context.client()).call(grantCreate, {
    ...pair,
    ...patterns,
    ...(Object.keys(constraints).length === 0 ? {} : { constraints }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  if (printJson(context, record)) return;
  await sayWhat(context, record);
  context.suggest(`doorward run ${pair.agent} -- COMMAND`);
}

async function set(context: Context, pair: Pair, options: SetOptions): Promise<void> {
  const { grantUpdate } = await import('../../operations/contracts/grants.ts');
  const { also, allowAll, expires } = options;
  if ([options.allow, also, allowAll].filter((given) => given !== undefined).length > 1) {
    throw usageFailure('Give one of --allow, --also and --allow-all.');
  }
  const allow = also === undefined ? options.allow : await withPatterns(context, pair, also);
  const constraints = { ...liftedFrom(options.lift ?? []), ...constraintsFrom(options) };
  const fields = {
    ...(allow === undefined ? {} : { allow: [...allow] }),
    ...(allowAll === undefined ? {} : { allow: null }),
    ...(Object.keys(constraints).length === 0 ? {} : { constraints }),
    ...(expires === undefined
      ? {}
      : { expiresAt: expires === false ? null : parseMoment('--expires', expires, 'ahead') }),
  };
  if (Object.keys(fields).length === 0) {
    throw usageFailure(
      'Name what to change: --allow, --also, --allow-all, --expires, --no-expires, a constraint or --lift.',
    );
  }
  if (options.replay !== undefined) {
    const { expiresAt: _end, ...cover } = fields; // ends are not replayed
    await replayFirst(context, { ...pair, constraints: {}, ...cover }, options.replay);
  }
  const record = await (await context.client()).call(grantUpdate, { ...pair, ...fields });
  if (!printJson(context, record)) await sayWhat(context, record);
}

/** What the grant covers, and more. One without patterns covers everything already. */
async function withPatterns(
  context: Context,
  pair: Pair,
  also: readonly string[],
): Promise<readonly string[]> {
  const { grantShow } = await import('../../operations/contracts/grants.ts');
  const { allow } = await (await context.client()).call(grantShow, pair);
  if (allow === null) {
    throw usageFailure(
      `The agent ${pair.agent} may call every method and path of ${pair.service} already, but for its guards.`,
    );
  }
  return [...new Set([...allow, ...also])];
}

async function show(context: Context, pair: Pair): Promise<void> {
  const { grantShow } = await import('../../operations/contracts/grants.ts');
  const record = await (await context.client()).call(grantShow, pair);
  await printRecord(
    context,
    record,
    columns(context).map(({ title, value }) => [title, value(record)]),
  );
}

/** A grant of everything is read as one of everything: what its guards deny is told with it. */
async function sayWhat(context: Context, record: GrantRecord): Promise<void> {
  const { agent, service, allow } = record;
  const what = allow === null ? 'every method and path' : `only ${quotedList(allow)}`;
  const guards = allow === null ? await guardsOf(context, service) : [];
  const but = guards.length === 0 ? '' : `, but for what its guards deny: ${quotedList(guards)}`;
  const end = record.expiresAt === null ? '' : ` until ${momentCell(context, record.expiresAt)}`;
  context.say(`Agent ${agent} may now call ${what} of ${service}${end}${but}.`);
  const constraints = constraintTexts(record.constraints);
  if (constraints.length > 0) context.say(`Only with: ${constraints.join('; ')}.`);
}

async function guardsOf(context: Context, name: string): Promise<readonly string[]> {
  const { serviceShow } = await import('../../operations/contracts/services.ts');
  return (await (await context.client()).call(serviceShow, { name })).deny;
}

function quotedList(patterns: readonly string[]): string {
  return patterns.map((pattern) => `"${pattern}"`).join(', ');
}

async function list(context: Context, filter: ListOptions): Promise<void> {
  const [{ grantList }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/grants.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  const { agent, service } = filter;
  const input = { ...(agent === undefined ? {} : { agent }), ...(service === undefined ? {} : { service }) };
  await printList(context, await callAllPages(client, grantList, input), columns(context));
}

async function remove(context: Context, pair: Pair): Promise<void> {
  const { grantRemove } = await import('../../operations/contracts/grants.ts');
  const record = await (await context.client()).call(grantRemove, pair);
  if (!printJson(context, record)) context.say(`Agent ${record.agent} may no longer call ${record.service}.`);
}

function columns(context: Context): readonly Column<GrantRecord>[] {
  return [
    { title: 'agent', value: (row) => row.agent },
    { title: 'service', value: (row) => row.service },
    { title: 'allow', value: (row) => row.allow?.join(', ') ?? 'every method and path' },
    { title: 'constraints', value: (row) => constraintTexts(row.constraints).join('; ') || null },
    {
      title: 'expires',
      value: (row) => (row.expiresAt === null ? null : momentCell(context, row.expiresAt)),
    },
    {
      title: 'frozen',
      value: (row) =>
        row.frozenAt === null ? null : `${momentCell(context, row.frozenAt)}: ${row.frozenReason ?? ''}`,
    },
    { title: 'created', value: (row) => momentCell(context, row.createdAt) },
    { title: 'id', value: (row) => row.id },
  ];
}
