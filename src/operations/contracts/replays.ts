// What recorded calls say about a policy: the smallest grants that cover them, and what a change would have meant for them.
import { z } from 'zod';
import { ConstraintsChange } from '../../core/constraints.ts';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment, MomentInput } from '../contract.ts';

const Patterns = z.array(z.string());

/** Members that say how much of the log an answer stands on. */
const looked = {
  since: Moment,
  cutAt: Moment.nullable().describe(
    'More was recorded than is looked at: only calls after this moment were.',
  ),
  notRecorded: z
    .array(z.string())
    .describe('What a call is decided by besides, and the log does not hold. One sentence each.'),
};

const TightService = z.strictObject({
  service: Name,
  present: z
    .strictObject({
      allow: Patterns.nullable().describe('Null: every method and path.'),
      revision: z.number().int(),
    })
    .nullable()
    .describe('The grant as it stands; null: there is none.'),
  calls: z.number().int().describe('Recorded calls that were allowed.'),
  allow: Patterns.describe('The smallest patterns that cover them, within what is granted.'),
  actions: z
    .array(z.strictObject({ name: z.string(), allow: Patterns }))
    .describe('Actions of the catalogue whose patterns are among those of `allow`.'),
  isSmaller: z.boolean().describe('Whether `allow` leaves out anything that the grant covers now.'),
  wouldRefuse: z.number().int().describe('How many of `calls` would have been refused under `allow`.'),
  refusedAlready: z.number().int().describe('How many of those the grant as it stands refuses too.'),
  refused: z
    .strictObject({ calls: z.number().int(), allow: Patterns })
    .describe(
      'Recorded calls that were refused for want of a grant, and the smallest patterns that cover them.',
    ),
});
export type TightService = z.output<typeof TightService>;

export const grantTighten = contract({
  name: 'grant.tighten',
  method: 'GET',
  path: '/v1/agents/{agent}/tighter-grants',
  permission: 'audit:read',
  summary: 'The smallest grants that cover what an agent called; changes nothing',
  input: z.strictObject({
    agent: Name,
    service: Name.optional().describe('Only this service.'),
    since: MomentInput.optional().describe('Calls of this moment and later; seven days back unless told.'),
    run: idSchema('run').optional().describe('Only calls of this run.'),
  }),
  output: z.strictObject({ agent: Name, ...looked, services: z.array(TightService) }),
  problems: ['not-found'],
});

const ReplayExample = z.strictObject({
  effect: z.enum(['allow', 'deny']).describe('What would be decided.'),
  agent: Name,
  method: z.string(),
  path: z.string(),
  calls: z.number().int(),
  rule: z.string().describe('What would decide it.'),
  lastAt: Moment,
});

export const Replay = z.strictObject({
  ...looked,
  calls: z.number().int().describe('Recorded calls that were decided again.'),
  wouldRefuse: z.number().int().describe('How many would be refused that were allowed.'),
  refusedAlready: z.number().int().describe('How many of those the policy as it stands refuses too.'),
  wouldAllow: z.number().int().describe('How many would be allowed that were refused.'),
  examples: z.array(ReplayExample).max(20).describe('By method and path, those that would be refused first.'),
});
export type Replay = z.output<typeof Replay>;

export const policyReplay = contract({
  name: 'policy.replay',
  method: 'POST',
  path: '/v1/policy/replay',
  permission: 'audit:read',
  summary:
    'Decide recorded calls anew, as if a grant or the guards of a service were changed; changes nothing',
  input: z
    .strictObject({
      service: Name,
      agent: Name.optional().describe(
        'Whose grant would be made or changed; needed for `allow` and `constraints`.',
      ),
      allow: z
        .array(z.string().max(4200))
        .min(1)
        .max(256)
        .nullable()
        .optional()
        .describe('What the grant would cover. Null: every method and path.'),
      constraints: ConstraintsChange.optional().describe(
        'What would be asked of a call besides: each one given replaces that one; null takes it away.',
      ),
      deny: z
        .array(z.string().max(4096))
        .max(256)
        .optional()
        .describe('What the guards of the service would deny.'),
      since: MomentInput.describe('Calls of this moment and later.'),
    })
    .meta({
      examples: [
        { agent: 'helper', service: 'openai', allow: ['GET /v1/models'], since: '2030-01-24T18:00:00.000Z' },
      ],
    }),
  output: Replay,
  problems: ['not-found'],
});
