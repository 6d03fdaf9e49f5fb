// Rotations: a secret's new value, its versions, and which secrets are due. No output ever carries a value.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment, page, pageInput, queryNumber } from '../contract.ts';
import { FieldsInput } from './secrets.ts';

const DAY_SECONDS = 86_400;
const DEFAULT_GRACE_SECONDS = 3600;
export const MAX_GRACE_SECONDS = 90 * DAY_SECONDS;
const DEFAULT_DUE_SECONDS = 90 * DAY_SECONDS;

const VersionNumber = z.number().int().min(1).max(1_000_000);
const GraceSeconds = z.number().int().min(0).max(MAX_GRACE_SECONDS);
/** Such as `GET /v1/models`: a method and a path below the service. */
const ProbeText = z.string().min(3).max(4096);

const ProbeOutcome = z
  .strictObject({
    service: Name,
    method: z.string(),
    path: z.string(),
    status: z
      .number()
      .int()
      .nullable()
      .describe('What the upstream answered; null before it has, or where it did not.'),
  })
  .meta({ id: 'ProbeOutcome' });

export const RotationRecord = z
  .strictObject({
    id: idSchema('rot'),
    secret: Name,
    fromVersion: z.number().int().nullable().describe('Null where the secret had no current version.'),
    toVersion: z.number().int(),
    step: z.enum(['staged', 'verified', 'promoted', 'completed', 'rolled-back', 'failed']),
    probe: ProbeOutcome.nullable(),
    graceSeconds: z.number().int(),
    graceUntil: Moment.nullable().describe(
      'Until when `fromVersion` may be sent where `toVersion` is answered 401.',
    ),
    startedAt: Moment,
    promotedAt: Moment.nullable(),
    endedAt: Moment.nullable(),
  })
  .meta({ id: 'Rotation' });
export type RotationRecord = z.output<typeof RotationRecord>;

export const secretRotate = contract({
  name: 'secret.rotate',
  method: 'POST',
  path: '/v1/secrets/{name}/rotate',
  permission: 'secret:write',
  summary: 'Make a new value current, and keep the one before for a grace period',
  input: z
    .strictObject({
      name: Name,
      value: z
        .string()
        .min(1)
        .max(65_536)
        .optional()
        .describe('Exactly one of `value` (UTF-8 text), `valueBase64`, `fields` and `version`.'),
      valueBase64: z.base64().max(90_000).optional(),
      fields: FieldsInput.optional(),
      version: VersionNumber.optional().describe('A disabled version whose value is used again.'),
      force: z
        .boolean()
        .default(false)
        .describe('Accept a value under 8 bytes, which the leak guard can only match loosely.'),
      probe: ProbeText.optional(),
      service: Name.optional().describe('Which service to probe, where several send the secret.'),
      graceSeconds: GraceSeconds.default(DEFAULT_GRACE_SECONDS).describe(
        '0: the version before is revoked at once.',
      ),
    })
    .meta({
      examples: [{ name: 'openai', value: 'sk-1111111111111111' }],
      oneOf: ['value', 'valueBase64', 'fields', 'version'].map((name) => ({ required: [name] })),
    }),
  output: RotationRecord,
  problems: ['rotation-under-way', 'wrong-state', 'probe-failed', 'frozen'],
});

export const secretRollback = contract({
  name: 'secret.rollback',
  method: 'POST',
  path: '/v1/secrets/{name}/rollback',
  permission: 'secret:write',
  summary: 'Make the version before current again, while its grace period lasts',
  input: z.strictObject({ name: Name }),
  output: RotationRecord,
  problems: ['rotation-under-way', 'wrong-state'],
});

export const rotationPlan = contract({
  name: 'rotation.plan',
  method: 'GET',
  path: '/v1/secrets/{name}/rotation-plan',
  permission: 'secret:read',
  summary: 'Say what a rotation would do, and do nothing',
  input: z.strictObject({
    name: Name,
    probe: ProbeText.optional(),
    service: Name.optional(),
    graceSeconds: queryNumber(0, MAX_GRACE_SECONDS, DEFAULT_GRACE_SECONDS),
  }),
  output: z.strictObject({
    secret: Name,
    fromVersion: z.number().int().nullable(),
    services: z.array(Name),
    probe: ProbeOutcome.nullable(),
    graceSeconds: z.number().int(),
    endsGraceOf: z.number().int().nullable().describe('The version whose grace period would end.'),
  }),
  problems: ['rotation-under-way'],
});

export const VersionRecord = z
  .strictObject({
    number: z.number().int(),
    state: z.enum(['staged', 'current', 'previous', 'disabled', 'revoked', 'destroyed']),
    createdAt: Moment,
    graceUntil: Moment.nullable().describe('Of a previous version.'),
    rotation: z
      .strictObject({ id: idSchema('rot'), step: RotationRecord.shape.step })
      .nullable()
      .describe('The newest rotation that made this version, or was to make it, current.'),
  })
  .meta({ id: 'SecretVersion' });
export type VersionRecord = z.output<typeof VersionRecord>;

export const secretVersions = contract({
  name: 'secret.versions',
  method: 'GET',
  path: '/v1/secrets/{name}/versions',
  permission: 'secret:read',
  summary: 'List the versions of a secret, newest first, never their values',
  input: z.strictObject({ name: Name, ...pageInput }),
  output: page(VersionRecord),
});

const SwitchInput = z.strictObject({
  name: Name,
  version: VersionNumber.optional(),
});

const SwitchOutput = z
  .strictObject({
    id: idSchema('sec'),
    name: Name,
    version: z.number().int(),
    state: VersionRecord.shape.state,
    currentVersion: z.number().int().nullable(),
    revision: z.number().int(),
  })
  .meta({ id: 'SwitchedVersion' });

export const secretDisable = contract({
  name: 'secret.disable',
  method: 'POST',
  path: '/v1/secrets/{name}/disable',
  permission: 'secret:write',
  summary: 'Stop sending a secret, or one version of it; its value is kept',
  input: SwitchInput,
  output: SwitchOutput,
  problems: ['wrong-state'],
});

export const secretEnable = contract({
  name: 'secret.enable',
  method: 'POST',
  path: '/v1/secrets/{name}/enable',
  permission: 'secret:write',
  summary: 'Make a disabled version current, where the secret has no current one',
  input: SwitchInput,
  output: SwitchOutput,
  problems: ['wrong-state', 'rotation-under-way'],
});

export const versionDestroy = contract({
  name: 'version.destroy',
  method: 'POST',
  path: '/v1/secrets/{name}/destroy-version',
  permission: 'secret:destroy',
  summary: 'Erase one version of a secret for ever; not the current one',
  input: z
    .strictObject({ name: Name, version: VersionNumber })
    .meta({ examples: [{ name: 'openai', version: 1 }] }),
  output: z.strictObject({
    id: idSchema('sec'),
    name: Name,
    version: z.number().int(),
    state: z.literal('destroyed'),
    revision: z.number().int(),
  }),
  problems: ['wrong-state'],
});

export const DueRecord = z
  .strictObject({
    id: idSchema('sec'),
    name: Name,
    currentVersion: z.number().int().nullable(),
    since: Moment.nullable().describe('When the current version was stored.'),
    rotation: z
      .strictObject({
        id: idSchema('rot'),
        step: RotationRecord.shape.step,
        toVersion: z.number().int(),
        startedAt: Moment,
      })
      .nullable(),
  })
  .meta({ id: 'DueSecret' });
export type DueRecord = z.output<typeof DueRecord>;

export const rotationDue = contract({
  name: 'rotation.due',
  method: 'GET',
  path: '/v1/rotations/due',
  permission: 'secret:read',
  summary: 'List secrets whose current version is old, oldest first, and those with a rotation under way',
  input: z.strictObject({
    olderThanSeconds: queryNumber(0, 100_000_000, DEFAULT_DUE_SECONDS),
    ...pageInput,
  }),
  output: page(DueRecord),
});
