// The first call with a key that was added. That it fails undoes nothing: the key is stored, and only its vendor can say
// more of it.
import { canonicalAddress } from '../../core/address.ts';
import { matchesPattern, parsePattern } from '../../core/address-pattern.ts';
import type { Client } from '../client.ts';
import { CommandFailure, ServerProblem } from '../failure.ts';
import { type KeyTrial, tryKeys } from '../test-key.ts';
import type { AddPlan } from './plan.ts';

export async function tryOne(
  client: Client,
  { name, entry, allow }: AddPlan,
  agent: string,
): Promise<KeyTrial> {
  const testCall = entry?.testCall;
  if (testCall !== undefined && !covers(allow, testCall.method, testCall.path)) {
    return { outcome: 'untried', said: 'the test call is not among what was granted' };
  }
  try {
    const trials = await tryKeys(client, agent, [{ service: name, entry }]);
    return trials.get(name) ?? { outcome: 'untried', said: 'no test call is known' };
  } catch (error) {
    if (error instanceof ServerProblem) return { outcome: 'untried', said: error.sentence };
    if (error instanceof CommandFailure) return { outcome: 'untried', said: error.message };
    throw error;
  }
}

function covers(allow: readonly string[] | undefined, method: string, path: string): boolean {
  const address = canonicalAddress(path);
  return allow === undefined || allow.some((text) => matchesPattern(parsePattern(text), method, address));
}
