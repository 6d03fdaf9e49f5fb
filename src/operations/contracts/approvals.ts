// Approvals: calls that wait for a person, who lets exactly this call pass once, or not.
import { z } from 'zod';
import { DIRECTIONS } from '../../core/inspection/finding.ts';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment, page, pageInput } from '../contract.ts';

const State = z.enum(['pending', 'approved', 'denied', 'used', 'lapsed']);

const ApprovalRecord = z
  .strictObject({
    id: idSchema('apr'),
    agent: Name,
    service: Name,
    direction: z
      .enum(DIRECTIONS)
      .describe(
        '`request`: the call holds such text. `answer`: its answer held some, and was not handed on.',
      ),
    rules: z.array(z.string()).describe('The rules that asked.'),
    method: z.string(),
    url: z.string().describe('What is not plain printable text stands escaped.'),
    isUrlCut: z.boolean().describe('There is more of it than is shown.'),
    body: z.strictObject({
      bytes: z.number().int(),
      hash: z.string().describe('Keyed; the audit log tells a held body by the same.'),
    }),
    state: State,
    createdAt: Moment,
    endsAt: Moment.describe(
      'Pending: nobody can decide it from then on. Approved: it can be used until then.',
    ),
    decidedAt: Moment.nullable(),
    usedAt: Moment.nullable(),
  })
  .meta({ id: 'Approval' });
export type ApprovalRecord = z.output<typeof ApprovalRecord>;

export const approvalList = contract({
  name: 'approval.list',
  method: 'GET',
  path: '/v1/approvals',
  permission: 'approval:read',
  summary: 'List calls that wait for a person, and those that did',
  input: z.strictObject({ ...pageInput, agent: Name.optional(), state: State.optional() }),
  output: page(ApprovalRecord),
  problems: ['not-found'],
});

const byId = z.strictObject({ id: idSchema('apr') });

export const approvalShow = contract({
  name: 'approval.show',
  method: 'GET',
  path: '/v1/approvals/{id}',
  permission: 'approval:read',
  summary: 'Show one call that waits, and what was found in it',
  input: byId,
  output: z.strictObject({
    approval: ApprovalRecord,
    excerpts: z.array(
      z.strictObject({
        rule: z.string(),
        text: z
          .string()
          .describe(
            'What stands around it: anybody’s words, not to be trusted. Filtered, and escaped as the address is.',
          ),
        isCut: z.boolean().describe('There is more of it than is shown.'),
      }),
    ),
  }),
});

export const approvalApprove = contract({
  name: 'approval.approve',
  method: 'POST',
  path: '/v1/approvals/{id}/approve',
  permission: 'approval:write',
  summary: 'Let exactly this call pass, once, within ten minutes',
  input: byId,
  output: ApprovalRecord,
  problems: ['approval-decided'],
});

export const approvalDeny = contract({
  name: 'approval.deny',
  method: 'POST',
  path: '/v1/approvals/{id}/deny',
  permission: 'approval:write',
  summary: 'Deny this call',
  input: byId,
  output: ApprovalRecord,
  problems: ['approval-decided'],
});
