// Printing data on stdout: tables for people, tab-separated lines for scripts, JSON where asked for.
import type { Context } from './context.ts';
import { visible, visibleJson } from './visible-text.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | null;
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
  await printTable(context, rows, titles);
}

/** One record, a field per line. */
export async function printRecord(
  context: Context,
  output: unknown,
  fields: readonly (readonly [string, string | number | null])[],
): Promise<void> {
  if (printJson(context, output)) return;
  const rows = fields.map(([name, value]) => [name, cell(value)]);
  if (isForPeople(context)) await printTable(context, rows);
  else write(context, rows.map((row) => `${row.join('\t')}\n`).join(''));
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
const MIN_COLUMN = 8;

async function printTable(
  context: Context,
  rows: readonly string[][],
  titles?: readonly string[],
): Promise<void> {
  const { default: Table } = await import('cli-table3');
  const all = titles === undefined ? rows : [titles, ...rows];
  const blank = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '',
  };
  const table = new Table({
    chars: blank,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [] },
    colWidths: columnWidths(all, context.terminal.stdout.columns ?? 80),
  });
  if (titles !== undefined) table.push(titles.map((title) => context.style('bold', title)));
  table.push(...rows);
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  write(context, `${lines.join('\n')}\n`);
}

/** As wide as the text, then the widest columns give way until the line fits; what does not fit ends in an ellipsis. */
function columnWidths(rows: readonly (readonly string[])[], lineWidth: number): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((text, at) => {
      widths[at] = Math.max(widths[at] ?? 0, text.length + GAP);
    });
  }
  const total = () => widths.reduce((sum, width) => sum + width, 0);
  while (total() > lineWidth) {
    const widest = Math.max(...widths);
    if (widest <= MIN_COLUMN) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}
