// Storing what was planned, some keys at a time, and reading each back: the record, its version, and what its vendor
// says to it. What fails is told and keeps the others from nothing.
import { secretShow } from '../../operations/contracts/secrets.ts';
import { addKey, readAndUse, serviceOfEntry } from '../add-key.ts';
import type { Client } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, ServerProblem } from '../failure.ts';
import { type KeyTrial, tryKeys } from '../test-key.ts';
import { extendLedger, type KeyIdentity } from './ledger.ts';
import type { PlannedKey } from './plan.ts';

export interface StoredKey {
  readonly key: PlannedKey;
  readonly trial: KeyTrial | undefined;
  /** Why it is not stored, as a sentence. */
  readonly trouble: string | undefined;
}

export interface Storing {
  readonly client: Client;
  readonly agent: string;
  readonly dataDirectory: string;
  readonly digestOf: (key: KeyIdentity) => string;
  readonly isTested: boolean;
  readonly onProgress: (done: number, inAll: number) => void;
}

/** Stored at the same time: the server has what comes together on disk together. */
const WAVE = 16;

export async function storeKeys(keys: readonly PlannedKey[], storing: Storing): Promise<StoredKey[]> {
  const troubles = new Map<PlannedKey, string>();
  let done = 0;
  for (let from = 0; from < keys.length; from += WAVE) {
    const remembered: Record<string, string> = {};
    const storeOne = async (key: PlannedKey) => {
      try {
        const id = await storeKey(key, storing);
        if (!key.isStored) remembered[storing.digestOf(identityOf(key))] = id;
      } catch (error) {
        if (!(error instanceof ServerProblem || error instanceof CommandFailure)) throw error;
        troubles.set(key, error instanceof ServerProblem ? error.sentence : error.message);
      }
      done += 1;
      storing.onProgress(done, keys.length);
    };
    await Promise.all(keys.slice(from, from + WAVE).map(storeOne));
    await extendLedger(storing.dataDirectory, { keys: remembered });
  }
  const stored = keys.filter((key) => !troubles.has(key));
  const trials = storing.isTested ? await tryAll(stored, storing) : new Map<string, KeyTrial>();
  return keys.map((key) => ({ key, trial: trials.get(key.name), trouble: troubles.get(key) }));
}

function identityOf({ entry, baseUrl, value }: PlannedKey): KeyIdentity {
  return { service: entry.id, baseUrl, value };
}

/** Stored, granted, and there when asked for. */
async function storeKey(key: PlannedKey, { client, agent }: Storing): Promise<string> {
  const { name, entry, value, baseUrl, isStored } = key;
  await addKey(client, {
    name,
    value: isStored ? undefined : { value },
    service: { ...serviceOfEntry(entry, baseUrl), ...ownVariable(key) },
    agent,
    allow: readAndUse(entry),
  });
  const record = await client.call(secretShow, { name });
  if (record.currentVersion === null || !record.services.includes(name)) {
    throw new CommandFailure(
      EXIT.failed,
      `${name} does not read back as it was stored. See: doorward secret show ${name}`,
    );
  }
  return record.id;
}

/** The variable that its programs read, where that is not one of the usual ones. */
function ownVariable({ entry, places }: PlannedKey): { readonly keyEnv?: string } {
  const names = places.map(({ found }) => found.name);
  if (names.some((name) => entry.env.includes(name))) return {};
  const keyEnv = names.find((name) => /^[A-Z_][A-Z0-9_]{0,127}$/.test(name));
  return keyEnv === undefined ? {} : { keyEnv };
}

async function tryAll(
  keys: readonly PlannedKey[],
  { client, agent }: Storing,
): Promise<ReadonlyMap<string, KeyTrial>> {
  try {
    return await tryKeys(
      client,
      agent,
      keys.map(({ name: service, entry }) => ({ service, entry })),
    );
  } catch (error) {
    // The agent is frozen, say: the keys are stored all the same.
    if (!(error instanceof ServerProblem || error instanceof CommandFailure)) throw error;
    const said = error instanceof ServerProblem ? error.sentence : error.message;
    return new Map(keys.map(({ name }) => [name, { outcome: 'unclear', said }]));
  }
}

/** Whether the vault's copy can do what the one in the file does. */
export function isSafe({ trouble, trial }: StoredKey): boolean {
  return trouble === undefined && trial?.outcome !== 'refused';
}
