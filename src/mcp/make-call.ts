// A tool's call on the one road of all calls: authenticated, decided, recorded, injected and scanned by the broker like one
// that came over HTTP. Nothing here decides anything.
import { Readable } from 'node:stream';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { broker } from '../broker/broker.ts';
import type { BrokeredCall } from '../broker/call.ts';
import { ConnectionMemory } from '../broker/connection-memory.ts';
import { assertHeaderValue, type HeaderPairs } from '../core/headers.ts';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { callResult } from './call-result.ts';
import { CappedAnswer } from './capped-answer.ts';
import type { ToolContext } from './deps.ts';
import { problemResult } from './tool.ts';

export interface CallInput {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly bodyBase64?: string | undefined;
  readonly maxBytes?: number | undefined;
}

type Scalar = string | number | boolean;
export type QueryValue = Scalar | readonly Scalar[];

export const DEFAULT_MAX_BYTES = 64 * 1024;
/** MCP clients wait a minute or a few for a tool: a stream that goes on for ever is cut before they give up. */
const CALL_LIMIT_MS = 50_000;
const MAX_HEADER_BYTES = 16 * 1024;

/** Throws `draining` and `invalid-request`; everything else is a result. */
export async function makeCall(context: ToolContext, input: CallInput): Promise<CallToolResult> {
  const { deps } = context;
  if (deps.isDraining()) {
    throw new Problem('draining', {
      detail: 'The server is shutting down; another one, or a restart, will answer.',
    });
  }
  const call = toCall(context, input);
  const limit = AbortSignal.timeout(CALL_LIMIT_MS);
  const gone = AbortSignal.any([context.gone, limit]);
  const answer = new CappedAnswer(input.maxBytes ?? DEFAULT_MAX_BYTES, gone);
  const made = broker(deps.broker, call, answer);
  deps.broker.live.finishing(made); // from its first step on, a stopping server waits for it
  await made;
  const { answered, refusal } = answer;
  if (answered !== undefined) {
    return callResult(answered, { request: call.request, wasTooSlow: limit.aborted });
  }
  if (limit.aborted) {
    const detail = `No answer came within ${CALL_LIMIT_MS / 1000} s. Whether the upstream did the work is not known.`;
    return problemResult({ deps, request: call.request }, new Problem('upstream-timeout', { detail }));
  }
  const problem = refusal ?? new Problem('internal');
  return problemResult({ deps, request: call.request }, problem, nextStep(input.service, problem));
}

function toCall(context: ToolContext, input: CallInput): BrokeredCall {
  const { deps, token, client } = context;
  const body = bodyOf(input);
  const given = headersOf(input);
  const isTyped = given.some(([name]) => name === 'content-type');
  return {
    request: newId(deps.broker.ids, 'req'),
    method: input.method,
    service: input.service,
    address: withQuery(input),
    headers: [
      ['authorization', `Bearer ${token}`],
      ...given,
      ...(body === undefined || isTyped ? [] : [['content-type', body.type] as const]),
    ],
    body: body === undefined ? undefined : streamOf(body.bytes),
    contentLength: body?.bytes.length,
    client,
    memory: new ConnectionMemory(),
  };
}

function withQuery({ path, query = {} }: CallInput): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as readonly Scalar[]) : [value]).map(
      (one) => `${encodeURIComponent(name)}=${encodeURIComponent(String(one))}`,
    ),
  );
  if (pairs.length === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${pairs.join('&')}`;
}

/** What the HTTP parser checks on the other road. The token is ours to put in: a second one would be ambiguous. */
function headersOf({ headers = {} }: CallInput): HeaderPairs {
  const pairs = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  let bytes = 0;
  for (const [name, value] of pairs) {
    assertHeaderValue(name, value);
    bytes += name.length + value.length;
  }
  if (bytes > MAX_HEADER_BYTES) {
    throw new Problem('invalid-request', { detail: `Headers have at most ${MAX_HEADER_BYTES} bytes here.` });
  }
  return pairs.filter(([name]) => name !== 'authorization');
}

interface Body {
  readonly bytes: Buffer;
  /** Where the caller names none. */
  readonly type: string;
}

function bodyOf({ body, bodyBase64 }: CallInput): Body | undefined {
  if (bodyBase64 !== undefined) {
    return { bytes: Buffer.from(bodyBase64, 'base64'), type: 'application/octet-stream' };
  }
  if (body === undefined) return undefined;
  if (typeof body === 'string') {
    return { bytes: Buffer.from(body), type: isJson(body) ? JSON_TYPE : 'text/plain; charset=utf-8' };
  }
  return { bytes: Buffer.from(JSON.stringify(body)), type: JSON_TYPE };
}

const JSON_TYPE = 'application/json';

/** Models often write JSON out as text. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function streamOf(bytes: Buffer): Readable {
  const stream = new Readable({ read: () => undefined });
  if (bytes.length > 0) stream.push(bytes);
  stream.push(null);
  return stream;
}

/** What the agent can do about a refusal, where it can do something. */
function nextStep(service: string, { code, extensions }: Problem): string | undefined {
  const { rule, needed_grant: needed, needed_scope: scope, needed_change: change } = extensions;
  if (code === 'no-grant' || (code === 'not-allowed' && typeof needed === 'string' && rule !== 'guard')) {
    const allow = typeof needed === 'string' ? { allow: [needed] } : {};
    const asked = JSON.stringify({ service, ...allow, reason: '…' });
    return `Next: ask for it with the tool request_access, such as ${asked}. Trying the same again does not help.`;
  }
  if (code === 'not-allowed' && typeof change === 'string') {
    return 'Next: change the call as the sentence above says, or tell the person you work for what is needed.';
  }
  if (code === 'not-allowed' && typeof scope === 'string') {
    return `Next: this token was issued for less; a token with the scope ${scope} is needed.`;
  }
  if (code === 'approval-required' || code === 'approval-pending') {
    return `Next: tell the person you work for, who decides with \`doorward approve ${String(extensions['approval'])}\`. Make exactly this call again once they have answered, not before.`;
  }
  const isOver = code === 'unauthenticated' || code === 'approval-denied';
  return isOver ? 'Next: stop, and tell the person you work for.' : undefined;
}
