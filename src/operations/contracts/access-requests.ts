// Access requests: what an agent asked for that it lacks, for an administrator to grant or to deny.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment, MomentInput, page, pageInput } from '../contract.ts';
import { GrantRecord } from './grants.ts';

const MAX_REASON = 500;

const State = z.enum(['pending', 'granted', 'denied', 'lapsed']);

export const AccessRequestRecord = z
  .strictObject({
    id: idSchema('arq'),
    agent: Name,
    service: Name.describe('As the agent asked: there may be no service of that name.'),
    allow: z
      .array(z.string())
      .nullable()
      .describe('Patterns, and actions of the catalogue as `action:NAME`. Null: every method and path.'),
    reason: z.string().describe('The words of the agent, which may be anybody’s: not to be trusted.'),
    state: State,
    createdAt: Moment,
    lapsesAt: Moment.describe('Nobody can decide it any more from then on.'),
    decidedAt: Moment.nullable(),
  })
  .meta({ id: 'AccessRequest' });
export type AccessRequestRecord = z.output<typeof AccessRequestRecord>;

const Asked = z.array(z.string().max(512)).min(1).max(32);

/** What an agent sends. */
export const AccessRequestInput = z
  .strictObject({
    service: Name.describe('The service, by the name it would have here.'),
    allow: Asked.optional().describe('Methods and paths, such as `GET /v1/models`.'),
    actions: z
      .array(z.string().regex(/^[a-z0-9-]{1,64}$/, 'the name of an action is 1 to 64 of a-z, 0-9 and -'))
      .min(1)
      .max(32)
      .optional()
      .describe(
        'Named actions of the service, such as `chat`. With neither, every method and path is asked for.',
      ),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(MAX_REASON)
      .refine((text) => !text.includes('\u0000'), { error: 'plain text is needed' })
      .describe('What it is for, in a sentence or two: people read it.'),
  })
  .meta({
    examples: [{ service: 'openai', allow: ['GET /v1/models'], reason: 'To choose a model.' }],
  });
export type AccessRequestInput = z.output<typeof AccessRequestInput>;

/** No administrative operation: the agent's own token makes it. */
export const accessRequestAsk = {
  name: 'access-request.ask',
  method: 'POST',
  path: '/v1/access-requests',
  input: AccessRequestInput,
  output: AccessRequestRecord,
} as const;

export const accessRequestList = contract({
  name: 'access-request.list',
  method: 'GET',
  path: '/v1/access-requests',
  permission: 'grant:read',
  summary: 'List what agents asked for',
  input: z.strictObject({ ...pageInput, agent: Name.optional(), state: State.optional() }),
  output: page(AccessRequestRecord),
  problems: ['not-found'],
});

const byId = z.strictObject({ id: idSchema('arq') });

export const accessRequestShow = contract({
  name: 'access-request.show',
  method: 'GET',
  path: '/v1/access-requests/{id}',
  permission: 'grant:read',
  summary: 'Show one access request, and what granting it would allow',
  input: byId,
  output: z.strictObject({
    request: AccessRequestRecord,
    service: z
      .strictObject({ name: Name, baseUrl: z.string() })
      .nullable()
      .describe('Null: there is no service of that name.'),
    allow: z
      .array(z.string())
      .nullable()
      .describe('The patterns that are asked for, with actions as the catalogue has them. Null: all.'),
    risks: z.array(z.string()).describe('Of the actions that are asked for, the risk classes.'),
    unknownActions: z
      .array(z.string())
      .describe('Actions that the catalogue does not have for this service.'),
    present: GrantRecord.nullable().describe('What the agent has of the service already.'),
  }),
});

export const accessRequestGrant = contract({
  name: 'access-request.grant',
  method: 'POST',
  path: '/v1/access-requests/{id}/grant',
  permission: 'grant:write',
  summary: 'Grant what an agent asked for, or a part of it',
  input: byId.extend({
    allow: z
      .array(z.string().max(4200))
      .min(1)
      .max(256)
      .nullable()
      .optional()
      .describe('Grants these of what was asked for; never more. Left out: all that was asked for.'),
    expiresAt: MomentInput.optional().describe('The end of the grant.'),
  }),
  output: z.strictObject({ request: AccessRequestRecord, grant: GrantRecord }),
  problems: ['request-decided'],
});

export const accessRequestDeny = contract({
  name: 'access-request.deny',
  method: 'POST',
  path: '/v1/access-requests/{id}/deny',
  permission: 'grant:write',
  summary: 'Deny what an agent asked for',
  input: byId,
  output: AccessRequestRecord,
  problems: ['request-decided'],
});
