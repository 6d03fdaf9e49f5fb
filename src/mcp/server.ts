// One request of an MCP client: a server and a transport of the SDK for it alone, so that any replica can answer any
// request. Loaded with the first of them: nothing else of Doorward waits for the SDK.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  isInitializeRequest,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js';
import type { jsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/types.js';
import { Problem } from '../core/problem.ts';
import type { McpCaller, McpDeps, ToolContext } from './deps.ts';
import { answerable } from './messages.ts';
import type { Tool } from './tool.ts';
import { toolsFor } from './tools.ts';

export interface McpRequest extends McpCaller {
  /** For its headers; the body is read already. */
  readonly http: Request;
  /** The JSON-RPC message or messages. */
  readonly body: unknown;
  /** Services whose actions are to be tools of their own. */
  readonly actions: readonly string[];
}

const SESSION = 'mcp-session-id';
/**
 * Nothing is kept between requests, so what a client said of itself when it began comes back with each of them, in the
 * header that it returns as it got it. It gives no right to anything.
 */
const SHOWS_PAGES = 'shows-pages';

/** For answers of users to forms, which are never asked for; the SDK's own would be made anew with every request. */
const ASKS_NOTHING: jsonSchemaValidator = {
  getValidator: () => () => ({ valid: false, data: undefined, errorMessage: 'no form is asked for here' }),
};

const INSTRUCTIONS =
  'Doorward calls APIs for you and adds the keys itself: you never hold or see one, and need none. list_services tells ' +
  'what you may call, call_service calls it, request_access asks a person for what you lack. A refusal is final until ' +
  'somebody grants it: do not look for another way.';

export async function answerMcp(deps: McpDeps, asked: McpRequest): Promise<Response> {
  const messages = answerable(asked.body);
  if ('refusal' in messages) return refuse(messages.refusal);
  const canShowPages = asked.http.headers.get(SESSION) === SHOWS_PAGES;
  const server = createServer({ ...asked, deps, canShowPages }, asked.actions);
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  try {
    const response = await transport.handleRequest(asked.http, { parsedBody: messages.body });
    if (showsPages(messages.body)) response.headers.set(SESSION, SHOWS_PAGES);
    response.headers.set('cache-control', 'no-store');
    return response;
  } finally {
    await server.close();
  }
}

function createServer(context: ToolContext, actions: readonly string[]): Server {
  const { deps, agent } = context;
  const server = new Server(
    { name: 'doorward', title: 'Doorward', version: deps.operations.server.version },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS, jsonSchemaValidator: ASKS_NOTHING },
  );
  const offered = () => toolsFor(deps, agent, actions);
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: offered().map(({ listed }) => listed) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const found = offered().find(({ listed }) => listed.name === params.name);
    if (found === undefined) throw new McpError(ErrorCode.InvalidParams, 'There is no such tool.');
    return await callTool(context, found, params.arguments ?? {});
  });
  return server;
}

async function callTool(context: ToolContext, found: Tool, input: unknown): Promise<CallToolResult> {
  try {
    return await found.call(context, input);
  } catch (error) {
    if (error instanceof McpError) throw error;
    const { request, deps } = context;
    deps.broker.log.error({ error, request, tool: found.listed.name }, 'a tool failed');
    throw new McpError(ErrorCode.InternalError, `${new Problem('internal').message} (${request})`);
  }
}

/** A client that can show its user a page, and knows the revision in which a result can ask for that. */
function showsPages(body: unknown): boolean {
  if (!isInitializeRequest(body)) return false;
  const { protocolVersion, capabilities } = body.params;
  return protocolVersion >= '2025-11-25' && capabilities.elicitation?.url !== undefined;
}

function refuse(message: string): Response {
  const body = { jsonrpc: '2.0', error: { code: ErrorCode.InvalidRequest, message }, id: null };
  return Response.json(body, { status: 400, headers: { 'cache-control': 'no-store' } });
}
