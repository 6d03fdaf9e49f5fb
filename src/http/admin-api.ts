// Routes of the administrative operations, made from their contracts.
import type { IncomingMessage } from 'node:http';
import type { Hono } from 'hono';
import type { Contract } from '../operations/contract.ts';
import type { OperationDeps } from '../operations/operation.ts';
import { OPERATIONS } from '../operations/registry.ts';
import { runOperation } from '../operations/run.ts';
import { Problem } from '../core/problem.ts';
import { clientOf } from './broker-endpoint.ts';
import { requireCaller } from './caller.ts';
import type { Environment } from './environment.ts';
import { readBody } from './read-body.ts';

const MAX_BODY_BYTES = 1024 * 1024;

export function mountAdminApi(app: Hono<Environment>, deps: OperationDeps): void {
  for (const operation of OPERATIONS) {
    const { method, path, name } = operation.contract;
    app.on(method, [path.replaceAll(/\{(\w+)\}/g, ':$1')], async (context) => {
      const id = context.get('requestId');
      const request: IncomingMessage = context.env.incoming;
      const authorization = context.req.header('authorization');
      const caller = await requireCaller(deps.tokens, { authorization, id, client: clientOf(request) });
      const input = joined(await inputOf(operation.contract, context.req, request), context.req.param());
      const output = await runOperation(deps, operation, { input, caller });
      const status = name.endsWith('.create') || name === 'run.start' ? 201 : 200;
      return context.json(output as object, status, { 'cache-control': 'no-store' });
    });
  }
}

interface Incoming {
  readonly url: string;
  header(name: string): string | undefined;
}

/** A field of the path can not be sent in a second place, which could say something else. */
function joined(input: Record<string, unknown>, path: Record<string, string>): Record<string, unknown> {
  const twice = Object.keys(path).find((name) => Object.hasOwn(input, name));
  if (twice !== undefined) {
    throw new Problem('invalid-input', {
      detail: `${twice}: it stands in the path; leave it out elsewhere.`,
    });
  }
  return { ...input, ...path };
}

async function inputOf(
  contract: Contract,
  request: Incoming,
  incoming: IncomingMessage,
): Promise<Record<string, unknown>> {
  if (contract.method === 'GET') return queryInput(new URL(request.url).searchParams);
  const text = await readBody(incoming, MAX_BODY_BYTES);
  if (text === '') return {};
  const type = request.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new Problem('invalid-request', { detail: 'Send the body as application/json.' });
  }
  const input = parseJson(text);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new Problem('invalid-input', { detail: 'The body must be a JSON object.' });
  }
  return { ...input };
}

function queryInput(query: URLSearchParams): Record<string, string> {
  const pairs = [...query];
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) {
    throw new Problem('invalid-input', { detail: 'A parameter was sent twice.' });
  }
  return Object.fromEntries(pairs);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a value.
    throw new Problem('invalid-request', { detail: 'The body is not valid JSON.' });
  }
}
