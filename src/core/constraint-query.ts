// The parameters of a call held against those of a grant.
import type { QueryRule } from './constraints.ts';

type Pairs = readonly (readonly [name: string, value: string])[];

/** What is wrong with the parameters, read as an upstream reads them; undefined: nothing. Names no name of the caller's. */
export function unmetQuery(rules: readonly QueryRule[], query: Pairs): string | undefined {
  const byName = new Map<string, (readonly [string, string])[]>();
  for (const pair of query) {
    const key = comparable(pair[0]);
    byName.set(key, [...(byName.get(key) ?? []), pair]);
  }
  for (const rule of rules) {
    const wrong = unmetRule(rule, byName.get(comparable(rule.name)) ?? []);
    if (wrong !== undefined) return wrong;
  }
  if (!rules.some(({ use }) => use === 'allowed')) return undefined;
  const named = new Set(rules.map(({ name }) => comparable(name)));
  const isNamed = [...byName.keys()].every((key) => named.has(key));
  return isNamed ? undefined : `only these parameters are allowed: ${names(rules)}`;
}

function unmetRule({ name, use, values, prefixes }: QueryRule, pairs: Pairs): string | undefined {
  const fits = ([, value]: readonly [string, string]) =>
    (values === undefined && prefixes === undefined) ||
    values?.includes(value) === true ||
    prefixes?.some((prefix) => value.startsWith(prefix)) === true;
  if (use === 'forbidden') {
    return pairs.some(fits) ? `the parameter ${name} may not be there, or not with this value` : undefined;
  }
  if (pairs.length > 1) return `the parameter ${name} may be there once only`;
  const [pair] = pairs;
  if (pair === undefined) return use === 'required' ? `the parameter ${name} must be there` : undefined;
  // Some upstreams take `State` and `state[]` for it, and others do not.
  if (pair[0] !== name) return `the parameter ${name} must be written so`;
  return fits(pair) ? undefined : `the parameter ${name} may not have this value`;
}

function names(rules: readonly QueryRule[]): string {
  return rules.flatMap(({ name, use }) => (use === 'forbidden' ? [] : [name])).join(', ');
}

/** Alike for names that some upstreams take for one. */
function comparable(name: string): string {
  return name
    .trim()
    .toUpperCase()
    .toLowerCase()
    .replaceAll(/[-. ]/g, '_')
    .replace(/(?!^)\[.*$/, '');
}
