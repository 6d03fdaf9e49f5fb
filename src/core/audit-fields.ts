// What the schemas of audit events are made of: texts with a longest length, moments, hashes, who acted, and the members that
// every event has.
import { z } from 'zod';
import { idSchema, Name } from './ids.ts';
import { DIRECTIONS, FINDING_ACTIONS, GUARDS } from './inspection/finding.ts';
import type { Principal as PrincipalType } from './principal.ts';

export const text = (max: number) => z.string().max(max);
export const count = () => z.number().int().min(0);
const optionalRequest = idSchema('req').optional();

/** RFC 3339 in UTC with milliseconds, and a date that exists. */
export const Moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .refine((value) => isSameMoment(value), { error: 'a moment that exists is needed' });

function isSameMoment(value: string): boolean {
  const moment = new Date(value);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === value;
}

/** A hash or keyed hash of something that must not be in the log itself; hex or base64url. */
export const Hash = z.string().regex(/^[A-Za-z0-9_-]{22,128}$/);
export const Mac = z.string().regex(/^[0-9a-f]{64}$/);
export const Method = z.string().regex(/^[A-Z][A-Z0-9_-]{0,31}$/);
export const Path = z.string().regex(/^\/[!-~]{0,4095}$/);
export const IpAddress = z.union([z.ipv4(), z.ipv6()]);
export const Code = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
export const Epoch = z.string().regex(/^(0|[1-9]\d{0,18})$/);
export const Lane = z.enum(['call', 'admin']);
export const AnyId = z.string().regex(/^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/);

/** What guards found in a call, without the text. */
export const Flags = z
  .array(
    z.strictObject({
      direction: z.enum(DIRECTIONS),
      guard: z.enum(GUARDS),
      rule: text(128),
      action: z.enum(FINDING_ACTIONS),
      approval: idSchema('apr').optional(),
      count: count().min(1),
    }),
  )
  .max(64)
  .readonly();

const Principal = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('admin'),
    id: idSchema('adm'),
    name: Name,
    token: idSchema('tok').optional(),
  }),
  z.strictObject({
    type: z.literal('agent'),
    id: idSchema('agt'),
    name: Name,
    token: idSchema('tok').optional(),
    run: idSchema('run').optional(),
    placeholder: idSchema('plh').optional(),
  }),
  z.strictObject({ type: z.literal('system') }),
  z.strictObject({ type: z.literal('stranger') }),
]) satisfies z.ZodType<PrincipalType>;

export const base = {
  v: z.literal(1),
  id: idSchema('evt'),
  at: Moment,
  vault: idSchema('vlt').nullable(),
  replica: idSchema('rep'),
  principal: Principal,
  request: optionalRequest,
  /** Where the request came from, in the connection's own spelling. */
  client: IpAddress.optional(),
};
