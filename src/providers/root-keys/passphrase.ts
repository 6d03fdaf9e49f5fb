// Root key from a passphrase by scrypt. Salt and cost stand in the slot; the passphrase itself is kept nowhere.
import { Problem } from '../../core/problem.ts';
import type { Randomness } from '../../core/time.ts';
import { slotAad } from '../../crypto/aad.ts';
import { openEnvelope, sealEnvelope } from '../../crypto/envelope.ts';
import { deriveKey, newPassphraseParameters, PassphraseParameters } from '../../crypto/passphrase.ts';
import type { RootKeyOptions, RootKeyProvider } from './provider.ts';

const KEY_ID = 'passphrase';
const MIN_LENGTH = 12;

export async function openPassphraseProvider(
  options: RootKeyOptions,
  randomness: Randomness,
): Promise<RootKeyProvider> {
  if (options.passphrase === undefined) {
    throw new Problem('not-ready', {
      detail: 'The passphrase provider needs DOORWARD_PASSPHRASE_FILE, or a terminal to ask on.',
    });
  }
  const passphrase = await options.passphrase(options.mayCreate);
  if (options.mayCreate && passphrase.length < MIN_LENGTH) {
    throw new Problem('not-ready', { detail: `A passphrase needs at least ${MIN_LENGTH} characters.` });
  }
  return {
    name: 'passphrase',
    keyId: KEY_ID,
    wrap: async (storeKey, context) => {
      const parameters = newPassphraseParameters(randomness);
      const key = await deriveKey(passphrase, parameters);
      const record = sealEnvelope({
        keyRef: { kind: 'root', id: context.slot, generation: 1 },
        key,
        plaintext: storeKey,
        aad: slotAad({ ...context, provider: 'passphrase', providerKeyId: KEY_ID }),
        randomness,
      });
      key.fill(0);
      return { parameters: { ...parameters }, record };
    },
    unwrap: async (wrapped, context) => {
      const key = await deriveKey(passphrase, PassphraseParameters.parse(wrapped.parameters));
      try {
        return openEnvelope(
          wrapped.record,
          key,
          slotAad({ ...context, provider: 'passphrase', providerKeyId: KEY_ID }),
        );
      } catch {
        return undefined; // the envelope has one error for every failure: a wrong passphrase, or not this slot
      } finally {
        key.fill(0);
      }
    },
  };
}
