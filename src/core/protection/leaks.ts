// What a service does where an answer holds its own key, or a key that was made there.
import { z } from 'zod';

export const LeakProtection = z
  .strictObject({
    action: z
      .enum(['redact', 'block'])
      .default('redact')
      .describe(
        'An echo of the key: masked, or a problem in place of the answer, which is cut where it has begun.',
      ),
    minting: z
      .enum(['off', 'flag', 'redact', 'block'])
      .default('flag')
      .describe(
        'A text in an answer that looks like a credential: told, masked, or kept back with the answer.',
      ),
    requests: z
      .enum(['block', 'flag'])
      .default('block')
      .describe('A stored value in a request: the call refused before it leaves, or only told.'),
    freezeAfter: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .default(20)
      .describe(
        'Answers with an echo within an hour, at all replicas together, after which the grant is frozen; 0: never.',
      ),
  })
  .meta({ id: 'LeakProtection' });
export type LeakProtection = z.output<typeof LeakProtection>;

export function leakWeaknesses({ minting, requests, freezeAfter }: LeakProtection): string[] {
  return [
    ...(minting === 'off' ? ['New credentials in answers are not looked for (leaks.minting).'] : []),
    ...(requests === 'flag' ? ['Requests that carry stored secrets are let through (leaks.requests).'] : []),
    ...(freezeAfter === 0 ? ['Repeated echoes of the key freeze no grant (leaks.freezeAfter).'] : []),
  ];
}
