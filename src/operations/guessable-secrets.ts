// Secrets that are ordinary words or numbers. The values are opened for it, looked at, and wiped.
import { guessableSecrets } from '../vault/guessable-secrets.ts';
import { secretGuessable } from './contracts/guessable-secrets.ts';
import { reading } from './operation.ts';

export const listGuessable = reading(secretGuessable, async (deps) => ({
  names: [...(await guessableSecrets(deps))],
}));
