// Which secrets are so plain that they are hard to tell from text: names, never a value.
import { z } from 'zod';
import { contract } from '../contract.ts';

export const secretGuessable = contract({
  name: 'secret.guessable',
  method: 'GET',
  path: '/v1/guessable-secrets',
  permission: 'secret:read',
  summary:
    'List secrets that are ordinary words or numbers, of which echoes are masked only where they stand alone',
  input: z.strictObject({}),
  output: z
    .strictObject({ names: z.array(z.string()).describe('Of secrets that a service is called with.') })
    .meta({ id: 'GuessableSecrets' }),
});
