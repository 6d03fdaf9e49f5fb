// Placeholders: what stands where a client expects the key of a service, good for one agent at one service.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment, page, pageInput } from '../contract.ts';

const PlaceholderId = idSchema('plh');
const MAX_SECONDS = 10 * 365 * 24 * 3600;

const record = {
  id: PlaceholderId,
  agent: Name,
  service: Name,
  createdAt: Moment,
  expiresAt: Moment.nullable().describe('Null: it lasts until it is revoked, or its agent or service goes.'),
};

export const PlaceholderRecord = z.strictObject(record).meta({ id: 'Placeholder' });
export type PlaceholderRecord = z.output<typeof PlaceholderRecord>;

/** A variable that a client of a service reads, and what it is to hold. */
export const ClientVariable = z
  .strictObject({
    name: z.string(),
    holds: z.enum(['key', 'base-url']),
    suffix: z
      .string()
      .describe(
        'Stands after the address of the service here, such as `/v1`; empty for a variable that holds a key.',
      ),
  })
  .meta({ id: 'ClientVariable' });
export type ClientVariable = z.output<typeof ClientVariable>;

export const placeholderCreate = contract({
  name: 'placeholder.create',
  method: 'POST',
  path: '/v1/placeholders',
  permission: 'agent:write',
  summary: 'Make a placeholder of an agent for a service; it is shown once',
  input: z
    .strictObject({
      agent: Name,
      service: Name,
      expiresInSeconds: z
        .number()
        .int()
        .min(1)
        .max(MAX_SECONDS)
        .optional()
        .describe('Without it, it lasts until it is revoked.'),
    })
    .meta({ examples: [{ agent: 'helper', service: 'openai', expiresInSeconds: 28_800 }] }),
  output: z.strictObject({ ...record, placeholder: z.string() }),
  problems: ['not-found', 'frozen'],
  creates: true,
  shownOnce: ['placeholder'],
});

export const placeholderList = contract({
  name: 'placeholder.list',
  method: 'GET',
  path: '/v1/placeholders',
  permission: 'agent:read',
  summary: 'List placeholders, but for those of runs',
  input: z.strictObject({ agent: Name.optional(), service: Name.optional(), ...pageInput }),
  output: page(PlaceholderRecord),
  problems: ['not-found'],
});

export const placeholderRevoke = contract({
  name: 'placeholder.revoke',
  method: 'POST',
  path: '/v1/placeholders/{id}/revoke',
  permission: 'agent:write',
  summary: 'Make a placeholder worthless: no call with it starts after this returns',
  input: z.strictObject({ id: PlaceholderId }),
  output: PlaceholderRecord,
  problems: ['not-found'],
});

export const agentServices = contract({
  name: 'agent.services',
  method: 'GET',
  path: '/v1/agents/{name}/services',
  permission: 'agent:read',
  summary: 'What an agent may call, and the variables that lead its clients there',
  input: z.strictObject({ name: Name }),
  output: z.strictObject({
    services: z.array(
      z.strictObject({
        name: Name,
        catalogue: z.string().nullable().describe('The catalogue entry it was made from.'),
        path: z.string().describe("Path below the broker's address, such as `/call/openai`."),
        url: z.string().nullable().describe('The address of its own listener, where it has one.'),
        allow: z
          .array(z.string())
          .nullable()
          .describe('Null: every method and path but what its guards deny.'),
        deny: z.array(z.string()).describe('Its guards.'),
        expiresAt: Moment.nullable(),
        variables: z.array(ClientVariable),
      }),
    ),
  }),
  problems: ['not-found'],
});
