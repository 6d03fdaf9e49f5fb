// Services: which API a secret is for, and where its credential goes.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { Auth } from '../../core/service.ts';
import { contract, Moment, page, pageInput } from '../contract.ts';

const EnvName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]{0,127}$/, 'an environment variable is upper case, such as OPENAI_API_KEY');

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
