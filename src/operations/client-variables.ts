// Which variables a service's clients read: those it was given, then those its catalogue entry knows.
import type { CatalogueEntry } from '../catalogue/entry.ts';
import type { ServiceRow } from '../store/authority-rows.ts';
import type { ClientVariable } from './contracts/placeholders.ts';

export type { ClientVariable } from './contracts/placeholders.ts';

/** In the order in which they are to be set; each name once. */
export function clientVariablesOf(
  service: Pick<ServiceRow, 'keyEnv' | 'baseUrlEnv' | 'baseUrlSuffix'>,
  entry: Pick<CatalogueEntry, 'env' | 'baseUrlEnv'> | undefined,
): ClientVariable[] {
  const { keyEnv, baseUrlEnv, baseUrlSuffix } = service;
  const found = new Map<string, ClientVariable>();
  const add = (variable: ClientVariable) => {
    if (!found.has(variable.name)) found.set(variable.name, variable);
  };
  if (keyEnv !== null) add({ name: keyEnv, holds: 'key', suffix: '' });
  for (const name of entry?.env ?? []) add({ name, holds: 'key', suffix: '' });
  if (baseUrlEnv !== null) add({ name: baseUrlEnv, holds: 'base-url', suffix: baseUrlSuffix });
  for (const { name, suffix } of entry?.baseUrlEnv ?? []) add({ name, holds: 'base-url', suffix });
  return [...found.values()];
}
