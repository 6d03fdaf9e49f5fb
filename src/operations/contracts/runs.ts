// Runs: one agent process, and the placeholder that works while it lives.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment } from '../contract.ts';
import { ClientVariable } from './placeholders.ts';

const RunId = idSchema('run');

export const runStart = contract({
  name: 'run.start',
  method: 'POST',
  path: '/v1/runs',
  permission: 'run:write',
  summary: 'Start a run of an agent: it gets a placeholder of its own, and one for each service it may call',
  input: z.strictObject({ agent: Name }).meta({ examples: [{ agent: 'helper' }] }),
  output: z.strictObject({
    run: RunId,
    agent: Name,
    placeholder: z.string(),
    leaseUntil: Moment.describe('The run must be renewed before this.'),
    renewEverySeconds: z.number().int(),
    services: z.array(
      z.strictObject({
        name: Name,
        path: z.string().describe("Path below the broker's address, such as `/call/openai`."),
        url: z.string().nullable().describe('The address of its own listener, where it has one.'),
        placeholder: z
          .string()
          .describe('Stands for the key of this service alone, and looks like one where that is known.'),
        variables: z.array(ClientVariable),
      }),
    ),
  }),
  problems: ['not-found', 'frozen'],
  creates: true,
  shownOnce: ['placeholder', 'services'],
});

export const runRenew = contract({
  name: 'run.renew',
  method: 'POST',
  path: '/v1/runs/{run}/renew',
  permission: 'run:write',
  summary: 'Keep a run alive',
  input: z.strictObject({ run: RunId }),
  output: z.strictObject({ run: RunId, leaseUntil: Moment }),
});

export const runEnd = contract({
  name: 'run.end',
  method: 'POST',
  path: '/v1/runs/{run}/end',
  permission: 'run:write',
  summary: 'End a run: its placeholder is worthless after this returns',
  input: z.strictObject({ run: RunId }),
  output: z.strictObject({
    run: RunId,
    calls: z.number().int(),
    refused: z.number().int(),
    failed: z.number().int(),
  }),
});
