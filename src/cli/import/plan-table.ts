// The plan as people and programs see it: masked, and complete.
import type { Context } from '../context.ts';
import { isForPeople, printList, write } from '../output.ts';
import { visible } from '../visible-text.ts';
import { masked } from './look-of-values.ts';
import { type LeftAlone, type Plan, type PlannedKey, whereIs } from './plan.ts';

function maskedKey({ places: [{ found }], entry }: PlannedKey): string {
  return masked(found.value, entry);
}

export async function printPlan(context: Context, plan: Plan): Promise<void> {
  const { keys, left, notes, placeholders, others } = plan;
  if (keys.length > 0) {
    await printList(context, { items: keys }, [
      { title: 'where', value: ({ places: [first, ...more] }) => whereIs(first) + andMore(more.length) },
      { title: 'variable', value: ({ places: [{ found }] }) => found.name },
      { title: 'key', value: maskedKey },
      { title: 'becomes', value: ({ name, isStored }) => (isStored ? `${name} (stored)` : name) },
      { title: 'for', value: ({ entry }) => entry.name },
    ]);
  }
  const lines = [
    ...keys.flatMap((key) =>
      key.notes.map((note) => `${whereIs(key.places[0])} ${variableOf(key)}: ${note}.`),
    ),
    ...notes,
    ...(left.length === 0 ? [] : ['Left alone:', ...leftLines(left)]),
    ...(placeholders.length === 0 ? [] : [`Placeholders already: ${someOf(placeholders)}.`]),
    ...(others.length === 0 ? [] : [`No keys: ${someOf(others)}.`]),
  ];
  for (const line of lines) {
    if (isForPeople(context)) write(context, `${visible(line)}\n`);
    else context.say(visible(line));
  }
}

/** For `--json`. */
export function planRecord({ keys, left, notes, placeholders, others }: Plan) {
  return {
    keys: keys.map((key) => ({
      name: key.name,
      service: key.entry.id,
      variable: variableOf(key),
      key: maskedKey(key),
      baseUrl: key.baseUrl,
      stored: key.isStored,
      places: key.places.map(whereIs),
      notes: key.notes,
    })),
    left: left.map(({ where, variable, why, hint }) => ({ where, variable, why, hint: hint ?? null })),
    notes,
    placeholders,
    others,
  };
}

function variableOf({ places: [{ found }] }: PlannedKey): string {
  return found.name;
}

function andMore(number: number): string {
  return number === 0 ? '' : ` +${String(number)}`;
}

/** One line for what is alike in many files. */
function leftLines(left: readonly LeftAlone[]): string[] {
  const alike = new Map<string, { readonly first: LeftAlone; count: number }>();
  for (const one of left) {
    const key = JSON.stringify([one.variable, one.why, one.hint]);
    const known = alike.get(key);
    if (known === undefined) alike.set(key, { first: one, count: 1 });
    else known.count += 1;
  }
  return [...alike.values()].flatMap(({ first: { where, variable, why, hint }, count }) => [
    `  ${where}${andMore(count - 1)} ${variable} ${why}.`,
    ...(hint === undefined ? [] : [`      to add it: ${hint}`]),
  ]);
}

const NAMED = 8;

function someOf(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${String(names.length - NAMED)} more` : '';
  return names.slice(0, NAMED).join(', ') + more;
}
