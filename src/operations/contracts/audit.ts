// Reading and verifying the audit log.
import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import { contract, Cursor, Moment, MomentInput, queryNumber } from '../contract.ts';

export const auditList = contract({
  name: 'audit.list',
  method: 'GET',
  path: '/v1/audit/events',
  permission: 'audit:read',
  summary: 'List audit events, oldest first within a page',
  input: z.strictObject({
    limit: queryNumber(1, 500, 50),
    cursor: Cursor.optional().describe(
      'Goes on from the page before: towards older events, or towards newer ones where the list began with `after`.',
    ),
    after: idSchema('evt')
      .optional()
      .describe(
        'Only events after this one, oldest first. Without it the newest events come first, page by page.',
      ),
    kind: z
      .string()
      .max(500)
      .optional()
      .describe('Kinds or families, comma-separated: `call`, `agent.freeze`.'),
    run: idSchema('run').optional(),
    since: MomentInput.optional().describe('Only events of this moment and later.'),
    until: MomentInput.optional().describe('Only events before this moment.'),
  }),
  output: z.strictObject({
    items: z.array(z.looseObject({ id: idSchema('evt'), kind: z.string(), at: Moment })),
    nextCursor: z.string().nullable().describe('Null: there are no more now.'),
    nextAfter: idSchema('evt').nullable().describe('What `after` takes to ask for what comes next.'),
  }),
});

export const auditVerify = contract({
  name: 'audit.verify',
  method: 'POST',
  path: '/v1/audit/verify',
  permission: 'audit:read',
  summary: 'Check that no audit event was edited, deleted, reordered, inserted or cut',
  input: z.strictObject({}),
  output: z.strictObject({
    ok: z.boolean(),
    events: z.number().int(),
    chains: z.number().int(),
    problems: z.array(
      z.strictObject({
        chain: z.string(),
        seq: z.number().int().nullable(),
        event: z.string().nullable(),
        reason: z.string(),
        detail: z.string(),
      }),
    ),
    warnings: z.array(z.string()),
  }),
});
