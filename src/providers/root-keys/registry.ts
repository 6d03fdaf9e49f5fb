// The root key providers by name: one line each.
import type { Randomness } from '../../core/time.ts';
import { openFileProvider } from './file.ts';
import { openPassphraseProvider } from './passphrase.ts';
import type { RootKeyOptions, RootKeyProvider } from './provider.ts';

type OpenProvider = (options: RootKeyOptions, randomness: Randomness) => Promise<RootKeyProvider>;

export const ROOT_KEY_PROVIDERS = {
  file: openFileProvider,
  passphrase: openPassphraseProvider,
} as const satisfies Record<string, OpenProvider>;
