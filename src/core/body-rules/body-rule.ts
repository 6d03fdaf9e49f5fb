// Rules for the body of a call, for APIs where one address does everything: which operations of GraphQL, methods of JSON-RPC
// or tools of an MCP server may be asked for.
import { z } from 'zod';
import { parsePattern } from '../address-pattern.ts';

const GRAPHQL_NAME = /^[_A-Za-z][_0-9A-Za-z]{0,255}$/;

const at = z
  .array(z.string().max(1024).refine(isPath, 'a path below the service, such as /graphql'))
  .min(1)
  .max(32)
  .readonly()
  .optional()
  .describe('The paths it is for, as patterns without a method; none: every call of the grant.');
const batches = z.boolean().default(false).describe('Whether several may come in one body.');

const GraphqlOperation = z.strictObject({
  type: z.enum(['query', 'mutation', 'subscription']),
  name: z.string().regex(GRAPHQL_NAME).optional().describe('None: any name.'),
  fields: z
    .array(z.string().regex(GRAPHQL_NAME))
    .min(1)
    .max(256)
    .readonly()
    .optional()
    .describe('The fields of the operation itself, whatever alias they are given. None: every field.'),
});

const Graphql = z.strictObject({
  kind: z.literal('graphql'),
  at,
  operations: z.array(GraphqlOperation).min(1).max(64).readonly(),
  batches,
});

const JsonRpc = z.strictObject({
  kind: z.literal('json-rpc'),
  at,
  methods: z
    .array(z.string().regex(/^[!-~]{1,128}$/))
    .min(1)
    .max(256)
    .readonly()
    .describe('Methods by name; a * at the end stands for any end.'),
  batches,
});

const Scalar = z.union([z.string().max(1024), z.number(), z.boolean(), z.null()]);

const Mcp = z.strictObject({
  kind: z.literal('mcp'),
  at,
  tools: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[!-~]{1,128}$/),
        arguments: z
          .record(z.string().min(1).max(128), Scalar)
          .optional()
          .describe('Arguments that must be there with exactly this value.'),
      }),
    )
    .min(1)
    .max(256)
    .readonly(),
  methods: z
    .array(z.string().regex(/^[!-~]{1,128}$/))
    .min(1)
    .max(64)
    .readonly()
    .optional()
    .describe('Further methods, beside those that start a session, list tools and call nothing.'),
  batches,
});

export const BodyRule = z.discriminatedUnion('kind', [Graphql, JsonRpc, Mcp]).meta({ id: 'BodyRule' });
export type BodyRule = z.output<typeof BodyRule>;
export type GraphqlRule = z.output<typeof Graphql>;
export type JsonRpcRule = z.output<typeof JsonRpc>;
export type McpRule = z.output<typeof Mcp>;

export const BodyRules = z
  .array(BodyRule)
  .min(1)
  .max(8)
  .readonly()
  .describe('What a body may ask for. Such a body is read whole, and what is sent is written anew.');

function isPath(text: string): boolean {
  try {
    return text.startsWith('/') && parsePattern(text).text !== '';
  } catch {
    return false;
  }
}
