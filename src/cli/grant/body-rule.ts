// Rules for bodies as the options of `doorward grant` take them, and as its output shows them.
import type { BodyRule } from '../../core/body-rules/body-rule.ts';
import { usageFailure } from '../failure.ts';

export interface BodyOptions {
  readonly graphql?: readonly string[];
  readonly jsonRpc?: readonly string[];
  readonly mcpTool?: readonly string[];
  readonly bodyAt?: readonly string[];
  readonly batches?: true;
}

/** Undefined: none is named. What the texts are is checked where the request is parsed. */
export function bodyRuleFrom({
  graphql,
  jsonRpc,
  mcpTool,
  bodyAt,
  batches,
}: BodyOptions): BodyRule | undefined {
  const rest = { ...(bodyAt === undefined ? {} : { at: bodyAt }), batches: batches === true };
  const rules: BodyRule[] = [
    ...(graphql === undefined
      ? []
      : [{ kind: 'graphql' as const, operations: graphql.map(graphqlOperation), ...rest }]),
    ...(jsonRpc === undefined ? [] : [{ kind: 'json-rpc' as const, methods: jsonRpc, ...rest }]),
    ...(mcpTool === undefined ? [] : [{ kind: 'mcp' as const, tools: mcpTool.map(mcpToolOf), ...rest }]),
  ];
  const [rule, ...others] = rules;
  if (others.length > 0) throw usageFailure('Give one of --graphql, --json-rpc and --mcp-tool.');
  if (rule === undefined && (bodyAt !== undefined || batches === true)) {
    throw usageFailure('--body-at and --batches go with --graphql, --json-rpc or --mcp-tool.');
  }
  return rule;
}

type GraphqlOperation = Extract<BodyRule, { kind: 'graphql' }>['operations'][number];

function graphqlOperation(text: string): GraphqlOperation {
  const [, type, name, fields] =
    /^(query|mutation|subscription)(?:\/(\w+))?(?::(\w+(?:,\w+)*))?$/.exec(text) ?? [];
  if (type !== 'query' && type !== 'mutation' && type !== 'subscription') {
    throw usageFailure(
      '--graphql takes query, mutation or subscription, and fields after a colon: mutation:createIssue,closeIssue.',
    );
  }
  return {
    type,
    ...(name === undefined ? {} : { name }),
    ...(fields === undefined ? {} : { fields: fields.split(',') }),
  };
}

type McpTool = Extract<BodyRule, { kind: 'mcp' }>['tools'][number];

function mcpToolOf(text: string): McpTool {
  const [name = '', ...pairs] = text.trim().split(/\s+/);
  const wanted = pairs.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals < 1)
      throw usageFailure("--mcp-tool takes a tool and its arguments: 'create_issue owner=acme'.");
    return [pair.slice(0, equals), scalar(pair.slice(equals + 1))] as const;
  });
  return { name, ...(wanted.length === 0 ? {} : { arguments: Object.fromEntries(wanted) }) };
}

/** Numbers, true, false, null and quoted text as JSON has them; anything else is text. */
function scalar(text: string): string | number | boolean | null {
  if (!/^(?:".*"|-?\d[\d.eE+-]*|true|false|null)$/.test(text)) return text;
  try {
    return JSON.parse(text) as string | number | boolean | null; // the shape of the text says that it is one of them
  } catch {
    return text;
  }
}

export function bodyRuleText(rule: BodyRule): string {
  const where = rule.at === undefined ? '' : ` at ${rule.at.join(', ')}`;
  return `${RULE_TEXT[rule.kind]} ${whatOf(rule)}${where}`;
}

const RULE_TEXT = { graphql: 'GraphQL', 'json-rpc': 'JSON-RPC', mcp: 'MCP tools' } as const;

function whatOf(rule: BodyRule): string {
  switch (rule.kind) {
    case 'graphql':
      return rule.operations
        .map(({ type, name, fields }) =>
          [
            type,
            ...(name === undefined ? [] : [`/${name}`]),
            ...(fields === undefined ? [] : [`:${fields.join(',')}`]),
          ].join(''),
        )
        .join(' ');
    case 'json-rpc':
      return rule.methods.join(', ');
    case 'mcp':
      return rule.tools
        .map(({ name, arguments: wanted = {} }) =>
          [name, ...Object.entries(wanted).map(([key, value]) => `${key}=${JSON.stringify(value)}`)].join(
            ' ',
          ),
        )
        .join(', ');
  }
}
