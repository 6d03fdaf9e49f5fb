// `doorward status`: the server, its database, and what the local boundary is worth.
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { isForPeople, momentCell, printRecord, write } from '../output.ts';
import type { OpenContext } from '../command.ts';
import { visible } from '../visible-text.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'status',
    summary: 'Show the server and what protects its keys',
    examples: ['doorward status', 'doorward status --json'],
  }).action(async (_options: object, command: Command) => show(open(command)));
}

async function show(context: Context): Promise<void> {
  const { statusShow } = await import('../../operations/contracts/status.ts');
  const status = await (await context.client()).call(statusShow, {});
  await printRecord(context, status, [
    ['version', status.version],
    ['url', status.url],
    ['database', `${status.database.kind} ${status.database.version}`],
    ['root key', status.rootKeyProvider],
    [
      'frozen',
      status.frozen === null ? null : `${momentCell(context, status.frozen.since)}: ${status.frozen.reason}`,
    ],
    ['installation', status.installation],
    ['replica', status.replica],
    ['started', momentCell(context, status.startedAt)],
    ...Object.entries(status.counts),
    ...(isForPeople(context)
      ? []
      : status.exposure.map((sentence): [string, string] => ['exposure', sentence])),
  ]);
  if (context.flags.json === true || !isForPeople(context) || status.exposure.length === 0) return;
  const sentences = status.exposure.map((sentence) => `  ${visible(sentence)}\n`).join('');
  write(context, `\n${context.style('yellow', 'What an agent of the same user could reach:')}\n${sentences}`);
}
