// Grants: which agent may call which service, and which of its methods and paths.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment, page, pageInput } from '../contract.ts';

export const GrantRecord = z.strictObject({
  id: idSchema('grt'),
  agent: Name,
  service: Name,
  /** Null: every method and path. */
  allow: z.array(z.string()).nullable(),
  expiresAt: Moment.nullable(),
  revision: z.number().int(),
  createdAt: Moment,
});
export type GrantRecord = z.output<typeof GrantRecord>;

export const grantCreate = contract({
  name: 'grant.create',
  method: 'POST',
  path: '/v1/grants',
  permission: 'grant:write',
  summary: 'Let an agent call a service',
  input: z.strictObject({
    agent: Name,
    service: Name,
    /** Patterns such as `GET /v1/models` or `POST /v1/chat/**`; none: every method and path. */
    allow: z.array(z.string().max(4200)).max(256).optional(),
    expiresAt: Moment.optional(),
  }),
  output: GrantRecord,
});

export const grantList = contract({
  name: 'grant.list',
  method: 'GET',
  path: '/v1/grants',
  permission: 'grant:read',
  summary: 'List grants',
  input: z.strictObject({ ...pageInput, agent: Name.optional(), service: Name.optional() }),
  output: page(GrantRecord),
});

export const grantRemove = contract({
  name: 'grant.remove',
  method: 'DELETE',
  path: '/v1/agents/{agent}/grants/{service}',
  permission: 'grant:write',
  summary: 'Take a grant back: no call under it starts after this returns',
  input: z.strictObject({ agent: Name, service: Name }),
  output: GrantRecord,
});
