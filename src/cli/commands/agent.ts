// `doorward agent`: the workloads that call.
import type { Command } from 'commander';
import type { AgentRecord } from '../../operations/contracts/agents.ts';
import { confirmModerate } from '../confirm.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { momentCell, printJson, printList, printRecord, write } from '../output.ts';
import type { Column } from '../output.ts';
import type { OpenContext } from '../command.ts';

export function register(program: Command, open: OpenContext): void {
  const agent = define(program, {
    usage: 'agent',
    summary: 'Register, freeze and remove agents',
    examples: ['doorward agent add claude', 'doorward agent freeze claude'],
  });
  define(agent, {
    usage: 'add <name>',
    summary: 'Register an agent; its agent key is printed once, on stdout',
    examples: ['doorward agent add claude', '(umask 077; doorward agent add worker > worker.key)'],
    notes: '`doorward run` needs no agent key: keep one only for agents that start on their own.',
  }).action(async (name: string, _options: object, command: Command) => add(open(command), name));
  define(agent, {
    usage: 'list',
    summary: 'List agents',
    examples: ['doorward agent list', 'doorward agent list --json'],
  }).action(async (_options: object, command: Command) => list(open(command)));
  define(agent, {
    usage: 'show <name>',
    summary: 'Show one agent',
    examples: ['doorward agent show claude', 'doorward agent show claude --json'],
  }).action(async (name: string, _options: object, command: Command) => show(open(command), name));
  define(agent, {
    usage: 'freeze <name>',
    summary: 'Stop an agent: no call of it starts after this returns',
    examples: ['doorward agent freeze claude', 'doorward agent unfreeze claude'],
  }).action(async (name: string, _options: object, command: Command) => freeze(open(command), name));
  define(agent, {
    usage: 'unfreeze <name>',
    summary: 'Let a frozen agent call again',
    examples: ['doorward agent unfreeze claude', 'doorward agent show claude'],
  }).action(async (name: string, _options: object, command: Command) => unfreeze(open(command), name));
  define(agent, {
    usage: 'remove <name>',
    summary: 'Remove an agent with its key, grants and runs',
    examples: ['doorward agent remove claude', 'doorward agent remove claude --yes'],
  })
    .alias('rm')
    .action(async (name: string, _options: object, command: Command) => remove(open(command), name));
}

async function add(context: Context, name: string): Promise<void> {
  const { agentCreate } = await import('../../operations/contracts/agents.ts');
  const output = await (await context.client()).call(agentCreate, { name });
  if (!printJson(context, output)) {
    context.say(
      `Agent ${output.agent.name} is registered as ${output.agent.id}. Its agent key, shown only now:`,
    );
    write(context, `${output.key}\n`);
  }
  context.suggest(`doorward grant add ${name} SERVICE`, `doorward run ${name} -- COMMAND`);
}

async function list(context: Context): Promise<void> {
  const [{ agentList }, { callAllPages }, client] = await Promise.all([
    import('../../operations/contracts/agents.ts'),
    import('../client.ts'),
    context.client(),
  ]);
  await printList(context, await callAllPages(client, agentList, {}), columns(context));
}

async function show(context: Context, name: string): Promise<void> {
  const { agentShow } = await import('../../operations/contracts/agents.ts');
  const record = await (await context.client()).call(agentShow, { name });
  await printRecord(
    context,
    record,
    columns(context).map(({ title, value }) => [title, value(record)]),
  );
}

async function freeze(context: Context, name: string): Promise<void> {
  const { agentFreeze } = await import('../../operations/contracts/agents.ts');
  const record = await (await context.client()).call(agentFreeze, { name });
  if (!printJson(context, record))
    context.say(`Agent ${record.name} is frozen: no call of it starts any more.`);
  context.suggest(`doorward agent unfreeze ${name}`);
}

async function unfreeze(context: Context, name: string): Promise<void> {
  const { agentUnfreeze } = await import('../../operations/contracts/agents.ts');
  const record = await (await context.client()).call(agentUnfreeze, { name });
  if (!printJson(context, record)) context.say(`Agent ${record.name} may call again.`);
}

async function remove(context: Context, name: string): Promise<void> {
  const { agentRemove } = await import('../../operations/contracts/agents.ts');
  await confirmModerate(context, `Remove the agent ${name} with its key, grants and runs?`);
  const output = await (await context.client()).call(agentRemove, { name });
  if (printJson(context, output)) return;
  context.say(`Agent ${output.name} is removed, with ${String(output.grantsRemoved)} grants.`);
}

function columns(context: Context): readonly Column<AgentRecord>[] {
  return [
    { title: 'name', value: (row) => row.name },
    { title: 'state', value: (row) => row.state },
    { title: 'services', value: (row) => row.services.join(' ') || null },
    { title: 'created', value: (row) => momentCell(context, row.createdAt) },
    { title: 'id', value: (row) => row.id },
  ];
}
