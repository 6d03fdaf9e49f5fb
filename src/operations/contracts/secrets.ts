// Secrets: what is stored under a name. No output ever carries a value.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { MATERIAL_KINDS } from '../../core/material.ts';
import { contract, Moment, page, pageInput } from '../contract.ts';

/** A value that is a JSON object, by its fields. */
export const FieldsInput = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/), z.unknown())
  .describe('The fields of a value that is a JSON object, such as those of an OAuth client.');

export const SecretRecord = z
  .strictObject({
    id: idSchema('sec'),
    name: Name,
    credentialKind: z.string(),
    currentVersion: z.number().int().nullable(),
    services: z.array(Name),
    isDecoy: z.boolean().describe('A value to be planted: whoever sends it is frozen.'),
    revision: z.number().int(),
    createdAt: Moment,
  })
  .meta({ id: 'Secret' });
export type SecretRecord = z.output<typeof SecretRecord>;

/** Exactly one of `value` (UTF-8 text), `valueBase64` and `fields`. */
const valueFields = {
  value: z.string().min(1).max(65_536).optional(),
  valueBase64: z.base64().max(90_000).optional(),
  fields: FieldsInput.optional(),
};

export const secretCreate = contract({
  name: 'secret.create',
  method: 'POST',
  path: '/v1/secrets',
  permission: 'secret:write',
  summary: 'Store a value under a name',
  input: z
    .strictObject({
      name: Name,
      kind: z
        .enum(MATERIAL_KINDS)
        .default('static')
        .describe(
          '`static`: the value itself is sent. The others are exchanged for access tokens, and their value is a JSON object.',
        ),
      ...valueFields,
      force: z
        .boolean()
        .default(false)
        .describe('Accept a value under 8 bytes, which the leak guard can only match loosely.'),
    })
    .meta({
      examples: [{ name: 'openai', value: 'sk-0000000000000000' }],
      oneOf: [{ required: ['value'] }, { required: ['valueBase64'] }, { required: ['fields'] }],
    }),
  output: SecretRecord,
  creates: true,
});

export const decoyCreate = contract({
  name: 'decoy.create',
  method: 'POST',
  path: '/v1/decoys',
  permission: 'secret:write',
  summary: 'Make a decoy: a value to be planted, shown once; an agent that sends it is frozen',
  input: z
    .strictObject({
      name: Name,
      like: Name.optional().describe('The catalogue entry whose keys it looks like.'),
    })
    .meta({ examples: [{ name: 'planted', like: 'openai' }] }),
  output: z.strictObject({ secret: SecretRecord, value: z.string() }),
  creates: true,
  shownOnce: ['value'],
  recordMember: 'secret',
});

export const secretList = contract({
  name: 'secret.list',
  method: 'GET',
  path: '/v1/secrets',
  permission: 'secret:read',
  summary: 'List secrets, never their values',
  input: z.strictObject(pageInput),
  output: page(SecretRecord),
});

export const secretShow = contract({
  name: 'secret.show',
  method: 'GET',
  path: '/v1/secrets/{name}',
  permission: 'secret:read',
  summary: 'Show one secret, never its value',
  input: z.strictObject({ name: Name }),
  output: SecretRecord,
});

export const secretDestroy = contract({
  name: 'secret.destroy',
  method: 'DELETE',
  path: '/v1/secrets/{name}',
  permission: 'secret:destroy',
  summary: 'Erase a secret and all its versions for ever',
  input: z.strictObject({ name: Name }),
  output: z.strictObject({ id: idSchema('sec'), name: Name, versionsDestroyed: z.number().int() }),
  problems: ['in-use'],
});
