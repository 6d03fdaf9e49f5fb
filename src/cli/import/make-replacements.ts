// A placeholder for every key that is safely stored, and for MCP servers the addresses that lead to the broker.
import { agentServices, placeholderCreate } from '../../operations/contracts/placeholders.ts';
import type { Client } from '../client.ts';
import { findBrokerUrl } from '../test-key.ts';
import type { PointedVariable, Replacement } from './edits.ts';
import { extendLedger, placeholderDigest } from './ledger.ts';
import type { PlannedKey } from './plan.ts';

interface Making {
  readonly client: Client;
  readonly agent: string;
  readonly dataDirectory: string;
}

export interface Made {
  readonly replacements: readonly Replacement[];
  readonly ids: readonly string[];
}

/** The placeholders last until they are revoked: the files they go into are not written again. */
export async function makeReplacements(keys: readonly PlannedKey[], making: Making): Promise<Made> {
  const { client, agent, dataDirectory } = making;
  const inFiles = keys.filter(({ places }) => places.some(({ origin }) => origin.file !== undefined));
  const variables = await variablesOf(inFiles, making);
  const replacements: Replacement[] = [];
  const ids: string[] = [];
  for (const key of inFiles) {
    const made = await client.call(placeholderCreate, { agent, service: key.name });
    replacements.push({ key, placeholder: made.placeholder, variables: variables.get(key.name) ?? [] });
    ids.push(made.id);
  }
  // Before they stand in any file: what is read later must be known for what it is.
  const placeholders = replacements.map(({ placeholder }) => placeholderDigest(placeholder));
  if (placeholders.length > 0) await extendLedger(dataDirectory, { placeholders });
  return { replacements, ids };
}

async function variablesOf(
  keys: readonly PlannedKey[],
  { client, agent }: Making,
): Promise<ReadonlyMap<string, readonly PointedVariable[]>> {
  const isWanted = keys.some(({ places }) => places.some(({ origin }) => origin.file?.format === 'mcp'));
  if (!isWanted) return new Map();
  const brokerUrl = await findBrokerUrl(client);
  const { services } = await client.call(agentServices, { name: agent });
  return new Map(
    services.map(({ name, url, path, variables }) => {
      const address = (url ?? `${brokerUrl}${path}`).replace(/\/+$/, '');
      const pointing = variables.filter(({ holds }) => holds === 'base-url');
      return [
        name,
        pointing.map(({ name: variable, suffix }): PointedVariable => [variable, address + suffix]),
      ];
    }),
  );
}
