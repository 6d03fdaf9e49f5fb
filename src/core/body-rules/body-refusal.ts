// Whether the rules of a grant allow a body. What can not be decided is refused, with the reason; nothing of the body is
// repeated but names that look like names.
import type { GraphqlRule, JsonRpcRule, McpRule, BodyRule } from './body-rule.ts';
import { type GraphqlOperation, graphqlOperations } from './graphql-document.ts';
import { asObject, fold, hasLookalike, hasOnly, readBody, type RuledBody } from './read-body.ts';

export interface RuledCall {
  readonly method: string;
  /** Names of the query's parameters, as an upstream reads them. */
  readonly queryNames: readonly string[];
  /** Undefined: there is none. */
  readonly body: RuledBody | undefined;
}

/** Servers that read an operation from the address would do another than the one in the body. */
const READ_FROM_QUERY = {
  graphql: [
    'query',
    'operationname',
    'variables',
    'extensions',
    'id',
    'doc_id',
    'documentid',
    'hash',
    'mutation',
  ],
  'json-rpc': ['jsonrpc', 'method', 'params', 'id'],
  mcp: ['jsonrpc', 'method', 'params', 'id'],
} as const;
const MAX_BATCH = 100;

/** Why the body is refused, to go after a colon; undefined: it is allowed. */
export function bodyRefusal(rule: BodyRule, { method, queryNames, body }: RuledCall): string | undefined {
  const taken: readonly string[] = READ_FROM_QUERY[rule.kind];
  if (queryNames.some((name) => taken.includes(fold(name.trim())))) {
    return 'a parameter of the address could stand for a part of it; send it in the body';
  }
  if (body === undefined) {
    // A session's stream of events, and its end.
    const isSession = rule.kind === 'mcp' && (method === 'GET' || method === 'DELETE');
    return isSession ? undefined : 'there is none, and what is asked for must be in it';
  }
  const read = readBody(body);
  return 'refusal' in read ? read.refusal : inBatches(rule, read.value);
}

function inBatches(rule: BodyRule, value: unknown): string | undefined {
  if (!Array.isArray(value)) return decideOne(rule, value);
  if (!rule.batches) return 'it holds several at once, which the grant does not allow';
  if (value.length === 0 || value.length > MAX_BATCH) return `it holds none, or more than ${MAX_BATCH}`;
  for (const one of value) {
    const refusal = decideOne(rule, one);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function decideOne(rule: BodyRule, value: unknown): string | undefined {
  const message = asObject(value);
  if (message === undefined) return 'it is no JSON object';
  switch (rule.kind) {
    case 'graphql':
      return decideGraphql(rule, message);
    case 'json-rpc':
      return decideJsonRpc(rule, message);
    case 'mcp':
      return decideMcp(rule, message);
  }
}

type Message = Readonly<Record<string, unknown>>;

function decideGraphql(rule: GraphqlRule, message: Message): string | undefined {
  if (!hasOnly(message, ['query', 'operationName', 'variables', 'extensions'])) {
    return 'it has members beside query, operationName, variables and extensions';
  }
  const extensions = asObject(message['extensions']);
  const isStored =
    extensions !== undefined && Object.keys(extensions).some((name) => fold(name) === 'persistedquery');
  const source = message['query'];
  if (typeof source !== 'string' || isStored)
    return 'the operation itself must be in it, as the text of query';
  const operations = graphqlOperations(source);
  if (operations === undefined || operations.length === 0)
    return 'its query is no GraphQL document that is understood';
  const refused = operations.find((operation) => !rule.operations.some((one) => covers(one, operation)));
  if (refused === undefined) return undefined;
  const named = refused.name === undefined ? '' : ` ${refused.name}`;
  return `the grant does not cover the ${refused.type}${named} of ${[...refused.fields].slice(0, 8).join(', ')}`;
}

function covers(rule: GraphqlRule['operations'][number], { type, name, fields }: GraphqlOperation): boolean {
  if (rule.type !== type || (rule.name !== undefined && rule.name !== name)) return false;
  const allowed = rule.fields;
  return (
    allowed === undefined || [...fields].every((field) => field === '__typename' || allowed.includes(field))
  );
}

const MESSAGE = ['jsonrpc', 'id', 'method', 'params'];

function decideJsonRpc({ methods }: JsonRpcRule, message: Message): string | undefined {
  const method = methodOf(message);
  if (method === undefined) return 'it is no JSON-RPC 2.0 request';
  return isNamed(method, methods) ? undefined : `the grant does not cover the method ${shown(method)}`;
}

/** Undefined: it is no request of JSON-RPC 2.0, or could be read as another. */
function methodOf(message: Message): string | undefined {
  const { jsonrpc, id, method, params } = message;
  const isId = id === undefined || id === null || typeof id === 'string' || typeof id === 'number';
  const hasParams = params === undefined || (typeof params === 'object' && params !== null);
  const isRequest = jsonrpc === '2.0' && isId && hasParams && hasOnly(message, MESSAGE);
  return isRequest && typeof method === 'string' ? method : undefined;
}

function isNamed(method: string, methods: readonly string[]): boolean {
  return methods.some((known) =>
    known.endsWith('*') ? method.startsWith(known.slice(0, -1)) : known === method,
  );
}

/** What an MCP client sends to begin, to end and to look, and what calls no tool. */
const MCP_METHODS: readonly string[] = [
  'initialize',
  'ping',
  'tools/list',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
];

function decideMcp(rule: McpRule, message: Message): string | undefined {
  if (isResponse(message)) return undefined;
  const method = methodOf(message);
  if (method === undefined) return 'it is no JSON-RPC 2.0 message';
  if (method === 'tools/call') return decideToolCall(rule, asObject(message['params']));
  if (MCP_METHODS.includes(method) || (rule.methods !== undefined && isNamed(method, rule.methods)))
    return undefined;
  return `the grant does not cover the method ${shown(method)}`;
}

/** What a server asked a client is answered, which calls nothing. */
function isResponse(message: Message): boolean {
  const { jsonrpc, id, result, error } = message;
  const isOne = (result === undefined) !== (error === undefined);
  return (
    jsonrpc === '2.0' && id !== undefined && isOne && hasOnly(message, ['jsonrpc', 'id', 'result', 'error'])
  );
}

function decideToolCall({ tools }: McpRule, params: Message | undefined): string | undefined {
  const name = params?.['name'];
  if (params === undefined || typeof name !== 'string' || hasLookalike(params, ['name', 'arguments'])) {
    return 'it names no tool, or in a way that can be read twice';
  }
  const named = tools.filter((tool) => tool.name === name);
  if (named.length === 0) return `the grant does not cover the tool ${shown(name)}`;
  const given = asObject(params['arguments'] ?? {});
  if (given === undefined) return 'the arguments of the tool are no JSON object';
  const isMet = named.some(({ arguments: wanted = {} }) => {
    const names = Object.keys(wanted);
    return (
      !hasLookalike(given, names) &&
      names.every((one) => Object.hasOwn(given, one) && given[one] === wanted[one])
    );
  });
  return isMet ? undefined : `the grant covers the tool ${shown(name)} with other arguments only`;
}

/** A name as a refusal may repeat it. */
function shown(name: string): string {
  return /^[\w./:-]{1,64}$/.test(name) ? name : 'of that name';
}
