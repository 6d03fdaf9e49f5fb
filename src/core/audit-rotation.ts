// The audit events of rotations: with these, `audit list --kind rotation` tells each one's story.
import { z } from 'zod';
import { base, Code, count, Method, Moment, Path, text } from './audit-fields.ts';
import { idSchema, Name } from './ids.ts';

const RotatedSecret = z.strictObject({
  id: idSchema('sec'),
  name: Name,
  /** Version numbers; `from` is null where no version was current. */
  from: count().min(1).nullable(),
  to: count().min(1),
});

const rotationBase = { ...base, rotation: idSchema('rot'), secret: RotatedSecret };
const Probe = z.strictObject({
  service: z.strictObject({ id: idSchema('svc'), name: Name }),
  method: Method,
  path: Path,
});

/** The new value is stored; nothing was sent yet. */
export const RotationStart = z.strictObject({
  ...rotationBase,
  kind: z.literal('rotation.start'),
  bytes: count().min(1).optional(),
  graceSeconds: count(),
  probe: Probe.optional(),
  /** The rotation whose grace period this one will end. */
  supersedes: idSchema('rot').optional(),
});

/** Written before a probe is sent. */
export const RotationProbe = z.strictObject({
  ...rotationBase,
  kind: z.literal('rotation.probe'),
  probe: Probe,
});

/** What came of a probe; `unknown` where the process ended before it could tell. */
export const RotationProbed = z.strictObject({
  ...rotationBase,
  kind: z.literal('rotation.probed'),
  intent: idSchema('evt'),
  probe: Probe,
  result: z.enum(['answered', 'failed', 'unknown']),
  status: z.number().int().min(100).max(999).optional(),
  problem: Code.optional(),
});

/** `to` is current from here on. */
export const RotationPromote = z.strictObject({
  ...rotationBase,
  kind: z.literal('rotation.promote'),
  graceUntil: Moment.nullable(),
});

/** A call was refused with the current version and sent again with the one before. */
export const RotationFallback = z.strictObject({
  ...base,
  kind: z.literal('rotation.fallback'),
  secret: z.strictObject({
    id: idSchema('sec'),
    name: Name,
    /** The version that was refused. */
    from: count().min(1),
    /** The version that was used. */
    to: count().min(1),
  }),
  /** Of the second send. */
  intent: idSchema('evt'),
});

/** The end of a grace period: `from` is revoked, or disabled by an administrator. */
export const RotationComplete = z.strictObject({
  ...rotationBase,
  kind: z.literal('rotation.complete'),
  reason: z.enum(['grace-over', 'superseded', 'disabled', 'destroyed']),
});

/** `from` is current again, `to` disabled. */
export const RotationRollback = z.strictObject({ ...rotationBase, kind: z.literal('rotation.rollback') });

/** `to` is disabled, its value kept; `from` stayed current. */
export const RotationFail = z.strictObject({
  ...rotationBase,
  kind: z.literal('rotation.fail'),
  reason: text(1_000),
});
