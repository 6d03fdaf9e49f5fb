// POST /mcp: the Model Context Protocol over HTTP (streamable HTTP, without sessions). What must hold before a message is
// looked at stands here; the protocol itself is loaded with the first request.
import type { Context, Hono } from 'hono';
import type { BrokerDeps } from '../broker/deps.ts';
import { Problem } from '../core/problem.ts';
import { parseStrictJson } from '../core/strict-json.ts';
import type { McpDeps, McpCaller } from '../mcp/deps.ts';
import type { OperationDeps } from '../operations/operation.ts';
import { requireAgentCaller } from './agent-caller.ts';
import { clientOf } from './broker-endpoint.ts';
import type { Environment } from './environment.ts';
import { toProblemResponse } from './problem-response.ts';
import { readBody } from './read-body.ts';
import { PROTECTED_RESOURCE } from './well-known.ts';

const MCP_PATH = '/mcp';
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_ACTIONS_TEXT = 2048;

export interface McpEndpointDeps {
  readonly operations: OperationDeps;
  readonly broker: BrokerDeps;
  readonly isDraining: () => boolean;
}

export function mountMcp(app: Hono<Environment>, deps: McpEndpointDeps): void {
  app.post(MCP_PATH, async (context) => {
    requireOrigin(context.req.header('origin'), deps.operations.server.publicUrl());
    try {
      return await answer(context, deps);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return challenge(context, deps, error);
      throw error;
    }
  });
}

async function answer(context: Context<Environment>, deps: McpDeps): Promise<Response> {
  const caller = await callerOf(context, deps);
  const { incoming } = context.env;
  if (incoming.headers['content-encoding'] !== undefined) {
    throw new Problem('unsupported-media-type', { detail: 'Send the body without a Content-Encoding.' });
  }
  const text = await readBody(incoming, MAX_BODY_BYTES);
  const body = parsed(text);
  if (body === undefined) return parseError();
  context.set('operation', 'mcp');
  const { answerMcp } = await import('../mcp/server.ts');
  return await answerMcp(deps, {
    ...caller,
    http: context.req.raw,
    body: body.value,
    actions: actionsOf(context.req.query('actions')),
  });
}

async function callerOf(context: Context<Environment>, { broker }: McpDeps): Promise<McpCaller> {
  const { incoming, outgoing } = context.env;
  const request = context.get('requestId');
  const client = clientOf(incoming);
  const authorization = context.req.header('authorization');
  const asked = { authorization, id: request, client, path: MCP_PATH };
  const { caller, token } = await requireAgentCaller(broker, asked);
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  return { agent: caller, token, request, client, gone: gone.signal };
}

/** Services whose actions become tools: `?actions=github,slack`, or `all`. */
function actionsOf(text = ''): string[] {
  if (text.length > MAX_ACTIONS_TEXT) {
    throw new Problem('invalid-input', { detail: `actions: at most ${MAX_ACTIONS_TEXT} characters.` });
  }
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** A web page must not use the broker on its visitor's machine: programs send no Origin. */
function requireOrigin(origin: string | undefined, publicUrl: string): void {
  if (origin === undefined || origin === new URL(publicUrl).origin) return;
  throw new Problem('origin-not-allowed', {
    detail: 'A web page of another origin made this request. Programs send no Origin header; leave it out.',
  });
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseStrictJson(text) };
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** As the protocol has it (JSON-RPC 2.0 §5.1): an answer, but to no message. */
function parseError(): Response {
  const message =
    'Parse error: JSON is needed, in which no member stands twice and nothing is nested too deep';
  const body = { jsonrpc: '2.0', error: { code: -32_700, message }, id: null };
  return Response.json(body, { status: 400, headers: { 'cache-control': 'no-store' } });
}

/** RFC 9728 §5.1: where a client finds out how to get a token. */
function challenge(
  context: Context<Environment>,
  { operations }: McpEndpointDeps,
  problem: Problem,
): Response {
  const publicUrl = operations.server.publicUrl();
  const { status, headers, body } = toProblemResponse(problem, context.get('requestId'), publicUrl);
  const metadata = `resource_metadata="${publicUrl}${PROTECTED_RESOURCE}${MCP_PATH}"`;
  return new Response(body, {
    status,
    headers: { ...headers, 'www-authenticate': `${headers['www-authenticate'] ?? 'Bearer'}, ${metadata}` },
  });
}
