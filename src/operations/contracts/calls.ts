// What became of one call, and why.
import { z } from 'zod';
import { Flags } from '../../core/audit-fields.ts';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment } from '../contract.ts';

const Send = z.strictObject({
  event: idSchema('evt').describe('The intent, on record before the call left.'),
  secretVersion: z.number().int(),
  result: z
    .string()
    .describe(
      '`running`, `answered`, `aborted`, `refused` at the last moment, `cut` (refused when part of it may have reached the upstream), `failed` or `unknown`.',
    ),
  status: z.number().int().nullable().describe('What the upstream answered.'),
  problem: z.string().nullable(),
  requestBytes: z.number().int().nullable(),
  responseBytes: z.number().int().nullable(),
  totalMs: z.number().nullable(),
  redacted: z.number().int().describe('Echoes of the secret that were masked in the answer.'),
  preview: z
    .strictObject({ request: z.string().nullable(), answer: z.string().nullable() })
    .nullable()
    .describe('The first characters of both bodies, filtered; null where the service keeps none.'),
});

export const CallExplanation = z
  .strictObject({
    id: z.string().describe('The first event of the call.'),
    request: z.string().nullable(),
    at: Moment,
    agent: z.string().nullable(),
    run: z.string().nullable(),
    token: z.string().nullable(),
    client: z.string().nullable(),
    service: z.string().nullable(),
    method: z.string().nullable(),
    path: z.string().nullable().describe('Null where it had no canonical form.'),
    decision: z.strictObject({
      effect: z.enum(['allow', 'deny']),
      rule: z.string().nullable().describe('The pattern of the grant, or what stands in its place.'),
      problem: z.string().nullable(),
      grant: z.string().nullable(),
      grantRevision: z.number().int().nullable(),
    }),
    secret: z.strictObject({ id: z.string(), name: Name.nullable(), version: z.number().int() }).nullable(),
    sends: z
      .array(Send)
      .describe('None where it never left; two where it was sent again while a key was rotated.'),
    flags: Flags.describe('What guards found in either direction, and what they did about it.'),
    now: z
      .strictObject({
        effect: z.enum(['allow', 'deny']),
        rule: z.string(),
        grantRevision: z.number().int().nullable(),
      })
      .nullable()
      .describe(
        'What the same call would meet now. Null where agent, service or path are not known any more.',
      ),
    advice: z
      .strictObject({
        sentence: z.string(),
        neededGrant: z.string().nullable().describe('The smallest pattern that would allow it.'),
        command: z.string().nullable(),
      })
      .nullable()
      .describe('What would change a refusal or a failure.'),
  })
  .meta({ id: 'CallExplanation' });
export type CallExplanation = z.output<typeof CallExplanation>;

export const callExplain = contract({
  name: 'call.explain',
  method: 'GET',
  path: '/v1/calls/{id}',
  permission: 'audit:read',
  summary: 'What became of a call, why, and what would change it',
  input: z.strictObject({
    id: z
      .union([idSchema('req'), idSchema('evt')])
      .describe('The request id that an answer carries as `doorward-request-id`, or the id of an event.'),
  }),
  output: CallExplanation,
  problems: ['not-found'],
});

const Asked = z.strictObject({
  method: z.string().max(32),
  url: z
    .string()
    .max(20_480)
    .optional()
    .describe("The vendor's own URL, an address of this broker, or that of a service's listener."),
  service: Name.optional().describe('In place of `url`, with `path`.'),
  path: z.string().max(20_480).optional().describe('Path and query below the service.'),
});

export const CallDecision = z
  .strictObject({
    agent: Name,
    service: Name.nullable().describe('Null: none that the asker may know is at that address.'),
    method: z.string(),
    path: z.string().nullable().describe('In canonical form, below the service; null where it has none.'),
    effect: z.enum(['allow', 'deny']),
    rule: z.string().describe('The pattern of the grant, or what stands in its place.'),
    problem: z.string().nullable().describe('What a call would be refused with.'),
    guard: z.string().nullable().describe('The pattern of the guard that denies it.'),
    grantRevision: z.number().int().nullable(),
    serviceRevision: z.number().int().nullable(),
    neededScope: z.string().nullable(),
    advice: z
      .strictObject({
        sentence: z.string(),
        neededGrant: z.string().nullable().describe('The smallest pattern that would allow it.'),
        command: z.string().nullable(),
      })
      .nullable()
      .describe('What would change a refusal.'),
    others: z.array(Name).describe('Further services that send to the same address.'),
    undecided: z.array(z.string()).describe('What a call is decided by besides. One sentence each.'),
  })
  .meta({ id: 'CallDecision' });
export type CallDecision = z.output<typeof CallDecision>;

export const callDecide = contract({
  name: 'call.decide',
  method: 'POST',
  path: '/v1/decisions',
  permission: 'grant:read',
  summary: 'What would be decided on a call, and what would change it; nothing is sent',
  input: Asked.extend({ agent: Name }).meta({
    examples: [{ agent: 'helper', method: 'GET', url: 'https://api.openai.com/v1/models' }],
  }),
  output: CallDecision,
  problems: ['not-found', 'method-not-allowed'],
});

/** What an agent asks about itself, with its own token. */
export const ownDecisionAsk = {
  name: 'call.decide-own',
  method: 'POST',
  path: '/v1/decisions/own',
  input: Asked,
  output: CallDecision,
} as const;
export type AskedCall = z.output<typeof Asked>;
