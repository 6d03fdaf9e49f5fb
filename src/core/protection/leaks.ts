// What a service does where an answer holds its own key, or a key that was made there.
import { z } from 'zod';

export const LeakProtection = z
  .strictObject({
    action: z
      .enum(['redact', 'block'])
      .default('redact')
      .describe('An echo of the key: masked, or the answer cut before it.'),
    minting: z
      .enum(['off', 'flag', 'redact', 'block'])
      .default('flag')
      .describe('A text in an answer that looks like a credential.'),
    freezeAfter: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .default(0)
      .describe('Answers with an echo, in a row of an hour, after which the grant is frozen; 0: never.'),
  })
  .meta({ id: 'LeakProtection' });
export type LeakProtection = z.output<typeof LeakProtection>;

export function leakWeaknesses(_settings: LeakProtection): string[] {
  return [];
}
