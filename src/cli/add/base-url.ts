// The address of a service whose vendor gives each customer one: its variables come from `--set` or are asked for.
import { type CatalogueEntry, fillBaseUrl, variableNames } from '../../catalogue/entry.ts';
import type { Context } from '../context.ts';
import { usageFailure } from '../failure.ts';

/** The base URL without variables. */
export async function settleBaseUrl(
  context: Context,
  entry: CatalogueEntry,
  assignments: readonly string[],
): Promise<string> {
  const values = parseAssignments(assignments);
  const names = [...new Set(variableNames(entry.baseUrl))];
  const strange = Object.keys(values).find((name) => !names.includes(name));
  if (strange !== undefined) {
    throw usageFailure(
      names.length === 0
        ? `The address of ${entry.name} has no variables: leave out --set.`
        : `The address of ${entry.name} has no variable ${strange}. It has: ${names.join(', ')}.`,
    );
  }
  for (const name of names) values[name] ??= await ask(context, entry, name);
  return fillBaseUrl(entry, values);
}

function parseAssignments(assignments: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    const value = assignment.slice(at + 1).trim();
    if (at < 1 || value === '')
      throw usageFailure('--set wants NAME=VALUE, such as --set site=datadoghq.eu.');
    values[assignment.slice(0, at)] = value;
  }
  return values;
}

async function ask(context: Context, entry: CatalogueEntry, name: string): Promise<string> {
  const { description = name, example = '…' } = entry.variables?.[name] ?? {};
  // A key that is piped in leaves nobody to ask.
  if (!context.isInteractive) {
    throw usageFailure(
      `The address of ${entry.name} is ${entry.baseUrl}. Say what ${name} is (${description}): --set ${name}=${example}`,
    );
  }
  const { askLine } = await import('../prompt.ts');
  const answer = (await askLine(context.terminal, `${description}, such as ${example}`)).trim();
  if (answer === '') throw usageFailure(`${name} is needed for the address ${entry.baseUrl}.`);
  return answer;
}
