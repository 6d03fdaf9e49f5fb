// Lets a later import know a key that was added by hand, so that it is replaced where it stands and not stored once more.
import { secretShow } from '../../operations/contracts/secrets.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { extendLedger, keyDigest, type KeyIdentity } from './ledger.ts';

/** A note that can not be made is no failure: it only saves a second name for the same key. */
export async function rememberKey(
  context: Context,
  client: Client,
  { name, ...identity }: KeyIdentity & { readonly name: string },
): Promise<void> {
  try {
    const [{ dataDirectory }, credential, { id }] = await Promise.all([
      context.config(),
      context.ownerCredential(),
      client.call(secretShow, { name }),
    ]);
    await extendLedger(dataDirectory, { keys: { [keyDigest(credential)(identity)]: id } });
  } catch {
    context.say('The key was added; an import will not know that it is the same one.');
  }
}
