// Grants: which agent may call which service, and which of its methods and paths.
import { z } from 'zod';
import { Constraints, ConstraintsChange } from '../../core/constraints.ts';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment, MomentInput, page, pageInput } from '../contract.ts';

export const GrantRecord = z
  .strictObject({
    id: idSchema('grt'),
    agent: Name,
    service: Name,
    allow: z.array(z.string()).nullable().describe('Null: every method and path.'),
    constraints: Constraints.describe('What is asked of a call beyond its method and path.'),
    expiresAt: Moment.nullable(),
    frozenAt: Moment.nullable().describe('Since when no call under it starts; null: it is not frozen.'),
    frozenReason: z.string().nullable(),
    revision: z.number().int(),
    createdAt: Moment,
  })
  .meta({ id: 'Grant' });
export type GrantRecord = z.output<typeof GrantRecord>;

/** Patterns such as `GET /v1/models` or `POST /v1/chat/**`. */
const AllowList = z.array(z.string().max(4200)).min(1).max(256);

export const grantCreate = contract({
  name: 'grant.create',
  method: 'POST',
  path: '/v1/grants',
  permission: 'grant:write',
  summary: 'Let an agent call a service',
  input: z
    .strictObject({
      agent: Name,
      service: Name,
      allow: AllowList.optional().describe('Neither these nor actions: every method and path.'),
      constraints: Constraints.default({}).describe('What is asked of a call beyond its method and path.'),
      expiresAt: MomentInput.optional(),
    })
    .meta({
      examples: [{ agent: 'helper', service: 'openai', allow: ['GET /v1/models', 'POST /v1/chat/**'] }],
    }),
  output: GrantRecord,
  problems: ['not-found'],
  creates: true,
});

const pair = z.strictObject({ agent: Name, service: Name });

export const grantShow = contract({
  name: 'grant.show',
  method: 'GET',
  path: '/v1/agents/{agent}/grants/{service}',
  permission: 'grant:read',
  summary: 'Show what an agent may call of a service',
  input: pair,
  output: GrantRecord,
  problems: ['not-found'],
});

export const grantUpdate = contract({
  name: 'grant.update',
  method: 'PATCH',
  path: '/v1/agents/{agent}/grants/{service}',
  permission: 'grant:write',
  summary: 'Change what a grant covers or when it ends; calls it no longer covers end',
  input: pair
    .extend({
      allow: AllowList.nullable().optional().describe('Null: every method and path.'),
      constraints: ConstraintsChange.optional().describe(
        'Each one given replaces that one; null takes it away. Actions replace the patterns.',
      ),
      expiresAt: MomentInput.nullable().optional().describe('Null: without an end.'),
    })
    .meta({ examples: [{ agent: 'helper', service: 'openai', allow: ['GET /v1/models'] }] }),
  output: GrantRecord,
  problems: ['not-found'],
});

export const grantFreeze = contract({
  name: 'grant.freeze',
  method: 'POST',
  path: '/v1/agents/{agent}/grants/{service}/freeze',
  permission: 'agent:freeze',
  summary: 'Stop calls under a grant: none of them starts after this returns',
  input: pair.extend({ reason: z.string().min(1).max(200).optional() }),
  output: GrantRecord,
  problems: ['not-found'],
});

export const grantUnfreeze = contract({
  name: 'grant.unfreeze',
  method: 'POST',
  path: '/v1/agents/{agent}/grants/{service}/unfreeze',
  permission: 'agent:freeze',
  summary: 'Let an agent call under a frozen grant again',
  input: pair,
  output: GrantRecord,
  problems: ['not-found'],
});

export const grantList = contract({
  name: 'grant.list',
  method: 'GET',
  path: '/v1/grants',
  permission: 'grant:read',
  summary: 'List grants',
  input: z.strictObject({ ...pageInput, agent: Name.optional(), service: Name.optional() }),
  output: page(GrantRecord),
  problems: ['not-found'],
});

export const grantRemove = contract({
  name: 'grant.remove',
  method: 'DELETE',
  path: '/v1/agents/{agent}/grants/{service}',
  permission: 'grant:write',
  summary: 'Take a grant back: no call under it starts after this returns',
  input: pair,
  output: GrantRecord,
});
