// Where in a call something stood, as an event and as a refusal tell it.
import type { BrokerDeps } from '../deps.ts';

/** Names of headers and parameters are the caller's own words: what does not look like a name may be anything. */
export function toldPlace(where: string, deps: Pick<BrokerDeps, 'fieldHash'>): string {
  const [kind = '', name] = where.split(' ', 2);
  if (name === undefined) return kind;
  return /^[A-Za-z0-9_.[\]-]{1,64}$/.test(name) ? `${kind} ${name}` : `${kind} #${deps.fieldHash(name)}`;
}

/** Without the caller's own words. */
export function spokenPlace(where: string): string {
  const [kind = ''] = where.split(' ', 1);
  return kind === 'query' ? 'a parameter' : kind === 'header' ? 'a header' : `the ${kind}`;
}
