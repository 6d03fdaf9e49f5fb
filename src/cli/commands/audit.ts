// `doorward audit`: reading and verifying the audit log.
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { parseCount } from '../count.ts';
import { define } from '../define.ts';
import { parseMoment } from '../duration.ts';
import { EXIT } from '../exit-codes.ts';
import { isForPeople, localTime, printJson, printList, printRecord, write } from '../output.ts';
import type { OpenContext } from '../command.ts';
import { visible } from '../visible-text.ts';

interface ListOptions {
  readonly kind?: string;
  readonly since?: string;
  readonly run?: string;
  readonly number?: number;
}

export function register(program: Command, open: OpenContext): void {
  const audit = define(program, {
    usage: 'audit',
    summary: 'List and verify audit events',
    examples: ['doorward audit list --since 24h', 'doorward audit verify'],
  });
  define(audit, {
    usage: 'list',
    summary: 'List audit events, oldest first',
    examples: [
      'doorward audit list --kind call.refused,agent --since 24h',
      'doorward audit list -n 500 --json',
    ],
    notes: 'Without --since the newest events are listed, with it all since then.',
  })
    .option('--kind <kinds>', 'Kinds or families, comma-separated: call, agent.freeze')
    .option('--since <when>', 'Only events since then: 24h, 30d or a time')
    .option('--run <id>', 'Only events of this run')
    .option('-n, --number <count>', 'How many of the newest events (50)', parseCount)
    .action(async (options: ListOptions, command: Command) => list(open(command), options));
  define(audit, {
    usage: 'verify',
    summary: 'Check that no audit event was edited, deleted, reordered, inserted or cut',
    examples: ['doorward audit verify', 'doorward audit verify --json'],
    notes: `Ends with ${String(EXIT.unhealthy)} when something is wrong, and names each finding.`,
  }).action(async (_options: object, command: Command) => verify(open(command)));
}

async function list(context: Context, options: ListOptions): Promise<void> {
  const [{ readEvents }, { describeEvent }, client] = await Promise.all([
    import('../audit-events.ts'),
    import('../audit-line.ts'),
    context.client(),
  ]);
  const { kind, run } = options;
  const since = options.since === undefined ? undefined : parseMoment('--since', options.since, 'back');
  const items = await readEvents(client, { kind, run, since, limit: options.number });
  const rows = items.map(describeEvent);
  if (printJson(context, { items, nextAfter: null })) return;
  await printList(context, { items: rows }, [
    { title: 'time', value: ({ at }) => (isForPeople(context) ? localTime(at) : at) },
    { title: 'kind', value: ({ kind: name }) => name },
    { title: 'who', value: ({ who }) => who },
    { title: 'what', value: ({ what }) => what },
    { title: 'id', value: ({ id }) => id, isSpare: true },
  ]);
}

async function verify(context: Context): Promise<void> {
  const { auditVerify } = await import('../../operations/contracts/audit.ts');
  const report = await (await context.client()).call(auditVerify, {});
  if (!report.ok) context.exitCode = EXIT.unhealthy;
  await printRecord(context, report, [
    ['verdict', report.ok ? 'nothing was changed' : 'the log was changed'],
    ['events', report.events],
    ['chains', report.chains],
    ['problems', report.problems.length],
  ]);
  if (context.flags.json === true) return;
  for (const { chain, seq, event, reason, detail } of report.problems) {
    write(
      context,
      `${[reason, chain, seq ?? '-', event ?? '-', detail].map((part) => visible(String(part))).join('\t')}\n`,
    );
  }
  for (const warning of report.warnings) context.warn(visible(warning));
}
