// What runs here, and what the local boundary is worth.
import { z } from 'zod';
import { contract, Moment } from '../contract.ts';

export const statusShow = contract({
  name: 'status.show',
  method: 'GET',
  path: '/v1/status',
  permission: 'status:read',
  summary: 'Show the server, its database and what protects its keys',
  input: z.strictObject({}),
  output: z.strictObject({
    version: z.string(),
    url: z.string(),
    installation: z.string(),
    replica: z.string(),
    startedAt: Moment,
    database: z.strictObject({ kind: z.enum(['embedded', 'postgres']), version: z.string() }),
    rootKeyProvider: z.string(),
    frozen: z
      .strictObject({ since: Moment, reason: z.string() })
      .nullable()
      .describe('Set: no token is issued and no call is made, until `restore accept`.'),
    counts: z.strictObject({
      secrets: z.number().int(),
      services: z.number().int(),
      agents: z.number().int(),
      grants: z.number().int(),
      runs: z.number().int(),
    }),
    exposure: z
      .array(z.string())
      .describe('Plain sentences about what an agent under the same user could read.'),
  }),
});
