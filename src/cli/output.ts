// Printing data on stdout: tables for people, tab-separated lines for scripts, JSON where asked for.
import type { Context } from './context.ts';
import { visible, visibleJson } from './visible-text.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | null;
  /** Left out on a terminal that is too narrow for all of them: only for the last column. */
  readonly isSpare?: true;
}

interface List<T> {
  readonly items: readonly T[];
}

/** A list: `--json` prints the whole output, a terminal a table, anything else one tab-separated line per row. */
export async function printList<T>(
  context: Context,
  output: List<T>,
  columns: readonly Column<T>[],
): Promise<void> {
  if (printJson(context, output)) return;
  const rows = output.items.map((row) => columns.map(({ value }) => cell(value(row))));
  if (!isForPeople(context)) {
    write(context, rows.map((row) => `${row.join('\t')}\n`).join(''));
    return;
  }
  if (rows.length === 0) {
    context.say('There are none yet.');
    return;
  }
  const titles = columns.map(({ title }) => title.toUpperCase());
  const spare = columns.at(-1)?.isSpare === true ? 1 : 0;
  await printTable(context, { titles, rows, spare });
}

/** One record, a field per line, never shortened. */
export async function printRecord(
  context: Context,
  output: unknown,
  fields: readonly (readonly [string, string | number | null])[],
): Promise<void> {
  if (printJson(context, output)) return;
  const width = Math.max(...fields.map(([name]) => name.length)) + GAP;
  const label = (name: string) =>
    isForPeople(context) ? context.style('bold', name.padEnd(width)) : `${name}\t`;
  write(context, fields.map(([name, value]) => `${label(name)}${cell(value)}\n`).join(''));
}

/** True when `--json` was given, and then the value is printed. */
export function printJson(context: Context, value: unknown): boolean {
  if (context.flags.json !== true) return false;
  write(context, `${visibleJson(value, context.terminal.stdout.isTTY === true ? 2 : 0)}\n`);
  return true;
}

export function write(context: Context, text: string): void {
  context.terminal.stdout.write(text);
}

/** Local time to the second, for people. */
export function localTime(moment: string): string {
  const at = new Date(moment);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** RFC 3339 for scripts, local time for people. */
export function momentCell(context: Context, moment: string): string {
  return isForPeople(context) ? localTime(moment) : moment;
}

export function isForPeople(context: Context): boolean {
  return context.terminal.stdout.isTTY === true && context.flags.plain !== true;
}

function cell(value: string | number | null): string {
  return value === null ? '-' : visible(String(value));
}

const GAP = 2;
/** A column is not made narrower than this to keep the columns after it. */
const READABLE_WIDTH = 20;

interface TableText {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many of the last columns go before any text is shortened. */
  readonly spare: number;
}

async function printTable(context: Context, { titles, rows, spare }: TableText): Promise<void> {
  const { default: Table } = await import('cli-table3');
  const widths = columnWidths([titles, ...rows], context.terminal.stdout.columns || 80, spare);
  const table = new Table({
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    colWidths: [...widths],
  });
  table.push(titles.slice(0, widths.length).map((title) => context.style('bold', title)));
  table.push(...rows.map((row) => row.slice(0, widths.length)));
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  write(context, `${lines.join('\n')}\n`);
}

const EDGES = ['top', 'bottom', 'left', 'right', 'mid'].flatMap((edge) =>
  ['', '-mid', '-left', '-right'].map((end) => `${edge}${end}`),
);
const NO_LINES: Readonly<Record<string, string>> = Object.fromEntries(
  [...EDGES, 'middle'].map((name) => [name, '']),
);

/**
 * As wide as the text where that fits. Else the last columns are left out, which scripts get whole, and then the
 * widest give way; a text that does not fit ends in an ellipsis.
 */
function columnWidths(
  rows: readonly (readonly string[])[],
  lineWidth: number,
  spare: number,
): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((text, at) => {
      widths[at] = Math.max(widths[at] ?? 0, text.length + GAP);
    });
  }
  const sum = (list: readonly number[]) => list.reduce((total, width) => total + width, 0);
  const least = () => widths.map((width) => Math.min(width, READABLE_WIDTH));
  if (sum(widths) > lineWidth) widths.length -= spare;
  while (widths.length > 2 && sum(least()) > lineWidth) widths.pop();
  while (sum(widths) > lineWidth && Math.max(...widths) > 2 * GAP) {
    widths[widths.indexOf(Math.max(...widths))] = Math.max(...widths) - 1;
  }
  return widths;
}
