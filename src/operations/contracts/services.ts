// Services: which API a secret is for, and where its credential goes.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { Protection } from '../../core/protection/protection.ts';
import { Auth, REFUSAL_SHAPES } from '../../core/service.ts';
import { contract, Moment, page, pageInput } from '../contract.ts';

const EnvName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]{0,127}$/, 'an environment variable is upper case, such as OPENAI_API_KEY');

const RequiredHeaders = z
  .record(
    z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'a header name is lower case'),
    z.string().regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,510}[\x21-\x7e])?$/, 'a header value is printable ASCII'),
  )
  .describe('Headers the API wants beside the credential: sent where the caller has none of that name.');
const Deny = z
  .array(z.string().max(4096))
  .max(256)
  .describe('Patterns that no grant allows, such as `POST /v1/organization/admin_api_keys`.');
const Listen = z
  .string()
  .max(256)
  .describe(
    'A listener of its own, for clients that take only host and port: `127.0.0.1:0` or `unix:/path`.',
  );

const ChangedProtection = z
  .strictObject(
    Object.fromEntries(Object.entries(Protection.shape).map(([name, part]) => [name, part.nullable()])) as {
      [K in keyof typeof Protection.shape]: z.ZodNullable<(typeof Protection.shape)[K]>;
    },
  )
  .describe(
    'Each part that is given takes the place of the whole part there was; null: as it is unless told.',
  );
const AcceptWeaker = z
  .boolean()
  .default(false)
  .describe('Needed for settings that guard less than a service is guarded unless told.');

export const ServiceRecord = z
  .strictObject({
    id: idSchema('svc'),
    name: Name,
    baseUrl: z.string(),
    auth: Auth,
    secret: Name,
    keyEnv: z.string().nullable(),
    baseUrlEnv: z.string().nullable(),
    baseUrlSuffix: z.string(),
    graceRetry: z.enum(['any', 'idempotent']),
    catalogueId: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
    deny: z.array(z.string()),
    refusalShape: z.enum(REFUSAL_SHAPES).nullable(),
    listen: z.string().nullable(),
    protection: Protection,
    weaknesses: z.array(z.string()).describe('What is guarded less than it is unless told.'),
    address: z
      .string()
      .nullable()
      .describe('Where this replica takes calls to it by host and port alone; null: nowhere.'),
    addressTrouble: z.string().nullable().describe('Why it does not listen where it was told to.'),
    revision: z.number().int(),
    createdAt: Moment,
  })
  .meta({ id: 'Service' });
export type ServiceRecord = z.output<typeof ServiceRecord>;

export const serviceCreate = contract({
  name: 'service.create',
  method: 'POST',
  path: '/v1/services',
  permission: 'service:write',
  summary: 'Say where a secret may be sent, and how',
  input: z
    .strictObject({
      name: Name,
      baseUrl: z.string().max(2048),
      auth: Auth,
      secret: Name,
      keyEnv: EnvName.optional(),
      baseUrlEnv: EnvName.optional(),
      baseUrlSuffix: z
        .string()
        .max(256)
        .default('')
        .describe('What clients expect after the address, such as `/v1` in OPENAI_BASE_URL.'),
      graceRetry: z
        .enum(['any', 'idempotent'])
        .default('any')
        .describe(
          "Which methods are sent again with the secret's previous version after a 401 in its grace period.",
        ),
      catalogueId: Name.optional().describe('The catalogue entry it is made from.'),
      headers: RequiredHeaders.default({}),
      deny: Deny.default([]),
      refusalShape: z
        .enum(REFUSAL_SHAPES)
        .optional()
        .describe("Whose error bodies a refusal imitates, so that the vendor's client understands it."),
      listen: Listen.optional(),
      protection: Protection.default({}),
      acceptWeaker: AcceptWeaker,
    })
    .meta({
      examples: [
        {
          name: 'openai',
          baseUrl: 'https://api.openai.com',
          auth: { kind: 'bearer' },
          secret: 'openai',
          keyEnv: 'OPENAI_API_KEY',
          baseUrlEnv: 'OPENAI_BASE_URL',
          baseUrlSuffix: '/v1',
        },
      ],
    }),
  output: ServiceRecord,
  problems: ['not-found'],
  creates: true,
});

export const serviceUpdate = contract({
  name: 'service.update',
  method: 'PATCH',
  path: '/v1/services/{name}',
  permission: 'service:write',
  summary: 'Change where a secret may be sent, or how; calls under way by the old settings end',
  input: z
    .strictObject({
      name: Name,
      baseUrl: z.string().max(2048).optional(),
      auth: Auth.optional(),
      secret: Name.optional().describe('Another secret; both are bound anew.'),
      keyEnv: EnvName.nullable().optional().describe('Null: none.'),
      baseUrlEnv: EnvName.nullable().optional(),
      baseUrlSuffix: z.string().max(256).optional(),
      graceRetry: z.enum(['any', 'idempotent']).optional(),
      headers: RequiredHeaders.optional(),
      deny: Deny.optional(),
      refusalShape: z.enum(REFUSAL_SHAPES).nullable().optional(),
      listen: Listen.nullable().optional(),
      protection: ChangedProtection.optional(),
      acceptWeaker: AcceptWeaker,
    })
    .meta({ examples: [{ name: 'openai', graceRetry: 'idempotent' }] }),
  output: ServiceRecord,
  problems: ['not-found'],
});

export const serviceList = contract({
  name: 'service.list',
  method: 'GET',
  path: '/v1/services',
  permission: 'service:read',
  summary: 'List services',
  input: z.strictObject(pageInput),
  output: page(ServiceRecord),
});

export const serviceShow = contract({
  name: 'service.show',
  method: 'GET',
  path: '/v1/services/{name}',
  permission: 'service:read',
  summary: 'Show one service',
  input: z.strictObject({ name: Name }),
  output: ServiceRecord,
});

export const serviceRemove = contract({
  name: 'service.remove',
  method: 'DELETE',
  path: '/v1/services/{name}',
  permission: 'service:write',
  summary: 'Remove a service and every grant on it',
  input: z.strictObject({ name: Name }),
  output: z.strictObject({ id: idSchema('svc'), name: Name, grantsRemoved: z.number().int() }),
});
