// Reading and verifying the audit log.
import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import { contract, Moment } from '../contract.ts';

export const auditList = contract({
  name: 'audit.list',
  method: 'GET',
  path: '/v1/audit/events',
  permission: 'audit:read',
  summary: 'List audit events, oldest first',
  input: z.strictObject({
    limit: z.coerce.number().int().min(1).max(500).default(50),
    /** Only events after this one. Without it: the newest `limit` events. */
    after: idSchema('evt').optional(),
    /** Kinds or families, comma-separated: `call`, `agent.freeze`. */
    kind: z.string().max(500).optional(),
    run: idSchema('run').optional(),
    since: Moment.optional(),
  }),
  output: z.strictObject({
    items: z.array(z.looseObject({ id: idSchema('evt'), kind: z.string(), at: Moment })),
    nextAfter: idSchema('evt').nullable(),
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
