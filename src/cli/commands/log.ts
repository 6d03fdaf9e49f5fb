// `doorward log`: what agents called, one line per call, and who tried in vain.
import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventRecord } from '../audit-events.ts';
import type { LogLine } from '../call-lines.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { parseCount } from '../count.ts';
import { define } from '../define.ts';
import { CommandFailure } from '../failure.ts';
import { isForPeople, localTime, write } from '../output.ts';
import type { OpenContext } from '../command.ts';
import { visible, visibleJson } from '../visible-text.ts';

interface LogOptions {
  readonly follow?: boolean;
  readonly number?: number;
  readonly preview?: boolean;
}

const FAMILIES = 'call,authentication,token';
const POLL_MS = 500;
const DEFAULT_LINES = 20;
const MAX_EVENTS = 500;

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'log',
    summary: 'Show what agents called',
    examples: ['doorward log -f', 'doorward log -n 100 --json'],
    notes:
      'Columns: time, agent, service, method, path, decision, status or problem, milliseconds. With --json each event is\n' +
      'a line. Why a call was refused: doorward explain',
  })
    .option('-f, --follow', 'Go on as calls are made')
    .option('--preview', 'Below each call, how its bodies began, where the service keeps that')
    .option('-n, --number <count>', `How many lines to begin with (${String(DEFAULT_LINES)})`, parseCount)
    .action(async (options: LogOptions, command: Command) => show(open(command), options));
}

async function show(context: Context, options: LogOptions): Promise<void> {
  const [{ readEvents, remember }, { concernsAgents, createLineReader }, client] = await Promise.all([
    import('../audit-events.ts'),
    import('../call-lines.ts'),
    context.client(),
  ]);
  const wanted = options.number ?? DEFAULT_LINES;
  // As many as the server gives at once: how many lines they make is known only after reading them.
  const events = await readEvents(client, { kind: FAMILIES, limit: MAX_EVENTS });
  const reader = createLineReader();
  if (context.flags.json === true) printEvents(context, events.filter(concernsAgents).slice(-wanted));
  else {
    const lines = events.flatMap((event) => reader.read(event));
    const unfinished = options.follow === true ? [] : reader.unfinished();
    printLines(context, [...lines, ...unfinished].slice(-wanted), options.preview);
  }
  if (options.follow !== true) return;
  const known = new Map<string, number>();
  remember(known, events);
  await follow(context, client, known, (fresh) => {
    if (context.flags.json === true) printEvents(context, fresh.filter(concernsAgents));
    else
      printLines(
        context,
        fresh.flatMap((event) => reader.read(event)),
        options.preview,
      );
  });
}

/** Until the process is interrupted. A server that goes away for a while is waited for. */
async function follow(
  context: Context,
  client: Client,
  known: Map<string, number>,
  print: (events: readonly EventRecord[]) => void,
): Promise<never> {
  const { readFresh } = await import('../audit-events.ts');
  let isLost = false;
  for (;;) {
    await delay(POLL_MS);
    try {
      print(await readFresh(client, { kind: FAMILIES }, known));
      isLost = false;
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      if (!isLost) context.warn(`${error.message} Waiting for it…`);
      isLost = true;
    }
  }
}

function printEvents(context: Context, events: readonly EventRecord[]): void {
  write(context, events.map((event) => `${visibleJson(event, 0)}\n`).join(''));
}

function printLines(context: Context, lines: readonly LogLine[], hasPreview = false): void {
  const text = (line: LogLine) => [formatLine(context, line), ...(hasPreview ? previewLines(line) : [])];
  write(context, lines.map((line) => `${text(line).join('\n')}\n`).join(''));
}

function previewLines({ preview }: LogLine): string[] {
  const said = [
    ['>', preview?.request],
    ['<', preview?.answer],
  ] as const;
  return said.flatMap(([sign, text]) => (text === undefined ? [] : [`  ${sign} ${visible(text)}`]));
}

function formatLine(context: Context, line: LogLine): string {
  const { at, agent, service, method, path, decision = '-', answer, totalMs, isGood } = line;
  const time = isForPeople(context) ? localTime(at) : at;
  const took = totalMs === undefined ? '-' : String(Math.round(totalMs));
  const cells = [time, agent, service, method, path, decision, answer, took].map(visible);
  if (!isForPeople(context)) return cells.join('\t');
  const widths = [19, 10, 10, 6, 32, 6, 14];
  const padded = cells.map((cell, at) => cell.padEnd(widths[at] ?? 0));
  const colour = isGood ? 'green' : 'red';
  for (const column of [5, 6]) padded[column] = context.style(colour, padded[column] ?? '');
  return `${padded.join(' ')}${line.totalMs === undefined ? '' : ' ms'}`;
}
