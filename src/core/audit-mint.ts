// The audit events of minted tokens: each time a secret is exchanged for an access token, before and after.
import { z } from 'zod';
import { base, count, Moment, text } from './audit-fields.ts';
import { idSchema, Name } from './ids.ts';

const MintedSecret = z.strictObject({ id: idSchema('sec'), name: Name, version: count().min(1) });

/** Written before the token endpoint is asked. */
export const SecretMint = z.strictObject({
  ...base,
  kind: z.literal('secret.mint'),
  secret: MintedSecret,
  credentialKind: text(64),
  /** Scheme, host and port: a path may name customers. */
  endpoint: text(300),
});

/** What came of it; `unknown` where the process ended before it could tell. */
export const SecretMinted = z.strictObject({
  ...base,
  kind: z.literal('secret.minted'),
  intent: idSchema('evt'),
  /** Of the version that is current now: another one where the answer brought a new refresh token. */
  secret: MintedSecret.optional(),
  result: z.enum(['minted', 'refused', 'failed', 'superseded', 'unknown']),
  status: z.number().int().min(100).max(999).optional(),
  /** Of a list of ours: an answer may hold anything. */
  reason: text(64).optional(),
  expiresAt: Moment.optional(),
});
