// The protocol on standard input and output, for clients that start their servers as programs: each message is sent on to
// the endpoint of a Doorward server, and its answer comes back. Nothing is decided or kept here.
import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  InitializeResultSchema,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  JSONRPCMessageSchema,
} from '@modelcontextprotocol/sdk/types.js';

interface Posted {
  readonly status: number;
  readonly text: string;
  readonly session: string | undefined;
}

export interface BridgeOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** Sends one message to the endpoint. Rejects, with a sentence for people, when there was no answer. */
  readonly post: (
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) => Promise<Posted>;
  /** What went wrong, for whoever reads the program's log. */
  readonly warn: (text: string) => void;
}

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Of the JSON-RPC errors that are left to whoever implements: the server could not be asked. */
const NOT_ANSWERED = -32_000;

/** Resolves when the client has closed its end and everything it asked before is answered. */
export async function bridge(options: BridgeOptions): Promise<void> {
  const { input, output, warn } = options;
  const transport = new StdioServerTransport(input, output, { maxBufferSize: MAX_MESSAGE_BYTES });
  const link = new Link(options, (message) => transport.send(message));
  const underWay = new Set<Promise<void>>();
  const { promise: closed, resolve: close } = deferred();
  input.once('end', close);
  output.once('error', close); // nobody reads any more
  const listeners: Pick<Transport, 'onclose' | 'onerror' | 'onmessage'> = {
    onclose: close,
    onerror: (error) => warn(isNoMessage(error) ? 'A line was no JSON-RPC message.' : error.message),
    onmessage: (message) => {
      const forwarded = link.forward(message).catch((error: unknown) => warn(sentenceOf(error)));
      underWay.add(forwarded);
      void forwarded.finally(() => underWay.delete(forwarded));
    },
  };
  Object.assign(transport, listeners);
  await transport.start();
  await closed;
  await Promise.all(underWay);
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** What the SDK's reader throws; its own words quote the line. */
function isNoMessage(error: Error): boolean {
  return error.name === 'ZodError' || error instanceof SyntaxError;
}

/** What the headers of each request say comes from the answer to the first. */
class Link {
  readonly #post: BridgeOptions['post'];
  readonly #send: (message: JSONRPCMessage) => Promise<void>;
  readonly #asked = new Map<string | number, AbortController>();
  #headers: Readonly<Record<string, string>> = {};

  constructor({ post }: BridgeOptions, send: (message: JSONRPCMessage) => Promise<void>) {
    this.#post = post;
    this.#send = send;
  }

  async forward(message: JSONRPCMessage): Promise<void> {
    if (isJSONRPCRequest(message)) {
      await this.#request(message);
      return;
    }
    const cancelled = 'method' in message && message.method === 'notifications/cancelled';
    const id = cancelled ? message.params?.['requestId'] : undefined;
    if (typeof id === 'string' || typeof id === 'number') this.#asked.get(id)?.abort();
    else await this.#post(JSON.stringify(message), this.#headers, new AbortController().signal);
  }

  async #request(message: JSONRPCRequest): Promise<void> {
    const cancelling = new AbortController();
    this.#asked.set(message.id, cancelling);
    try {
      const posted = await this.#post(JSON.stringify(message), this.#headers, cancelling.signal);
      const answer = answerOf(message, posted);
      if (message.method === 'initialize') this.#headers = headersFrom(answer, posted);
      await this.#send(answer);
    } catch (error) {
      if (!cancelling.signal.aborted) await this.#send(failure(message, sentenceOf(error)));
    } finally {
      this.#asked.delete(message.id);
    }
  }
}

function headersFrom(answer: JSONRPCMessage, { session }: Posted): Readonly<Record<string, string>> {
  const result = isJSONRPCResultResponse(answer)
    ? InitializeResultSchema.safeParse(answer.result)
    : undefined;
  return {
    ...(result?.success === true ? { 'mcp-protocol-version': result.data.protocolVersion } : {}),
    ...(session === undefined ? {} : { 'mcp-session-id': session }),
  };
}

/** The answer to exactly this request; whatever else came back says why there is none. */
function answerOf(request: JSONRPCRequest, { status, text }: Posted): JSONRPCMessage {
  const json = parse(text);
  const message = JSONRPCMessageSchema.safeParse(json);
  if (message.success) {
    const { data } = message;
    const isAnswer = isJSONRPCResultResponse(data) || isJSONRPCErrorResponse(data);
    if (isAnswer && data.id === request.id) return data;
  }
  const { detail, error } =
    typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const told = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  const reason = [detail, told].find((one) => typeof one === 'string');
  return failure(request, reason ?? `The server answered ${status}.`);
}

function failure({ id }: JSONRPCRequest, message: string): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: NOT_ANSWERED, message } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The server could not be asked.';
}
