// Routes of the administrative operations, made from their contracts.
import type { Context, Hono } from 'hono';
import type { Contract, FileAnswer } from '../operations/contract.ts';
import { CONTRACTS } from '../operations/contracts.ts';
import type { Operation, OperationDeps } from '../operations/operation.ts';
import { tagOf } from '../operations/precondition.ts';
import { OPERATIONS } from '../operations/registry.ts';
import { revisionOf, runOperation } from '../operations/run.ts';
import { clientOf } from './broker-endpoint.ts';
import { requireCaller } from './caller.ts';
import type { Environment } from './environment.ts';
import { conditionsOf, isKnown } from './request-conditions.ts';
import { inputOf } from './request-input.ts';

export function mountAdminApi(app: Hono<Environment>, deps: OperationDeps): void {
  for (const operation of OPERATIONS) {
    const { method, path } = operation.contract;
    app.on(method, [path.replaceAll(/\{(\w+)\}/g, ':$1')], (context) => answer(context, deps, operation));
  }
}

async function answer(
  context: Context<Environment>,
  deps: OperationDeps,
  operation: Operation,
): Promise<Response> {
  const { contract } = operation;
  const { incoming } = context.env;
  const caller = await requireCaller(deps.tokens, {
    authorization: context.req.header('authorization'),
    id: context.get('requestId'),
    client: clientOf(incoming),
  });
  context.set('operation', contract.name);
  const conditions = conditionsOf(context.req, contract.creates === true);
  const input = await inputOf(contract, incoming, context.req.param());
  const { output, isReplay } = await runOperation(deps, operation, { input, caller, conditions });
  const revision = revisionOf(contract, output);
  const tag = revision === undefined || contract.method === 'DELETE' ? undefined : tagOf(revision);
  const headers = {
    'cache-control': 'no-store',
    ...(tag === undefined ? {} : { etag: `"${tag}"` }),
    ...(isReplay ? { 'idempotent-replayed': 'true' } : {}),
    ...linkToNext(deps, incoming.url ?? '', output),
    ...locationOf(deps, contract, output),
  };
  if (contract.file !== undefined) return fileAnswer(contract.file, output as FileAnswer); // its contract says so
  if (contract.method === 'GET' && isKnown(context.req, tag)) return context.body(null, 304, headers);
  return context.json(output as object, contract.creates === true ? 201 : 200, headers);
}

/** Without a length: what is cut off is told by the chunk that is missing. */
function fileAnswer(type: string, { body, estimatedBytes }: FileAnswer): Response {
  return new Response(body as ConstructorParameters<typeof Response>[0], {
    headers: {
      'content-type': type,
      'cache-control': 'no-store',
      'doorward-estimated-bytes': String(estimatedBytes),
    },
  });
}

/** The next page of a list (RFC 8288), below the public URL: this server may be called by a name it does not know. */
function linkToNext(deps: OperationDeps, target: string, output: unknown): Record<string, string> {
  const isPage = typeof output === 'object' && output !== null && 'nextCursor' in output;
  if (!isPage || typeof output.nextCursor !== 'string') return {};
  const [path = '', query = ''] = target.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', output.nextCursor);
  return { link: `<${deps.server.publicUrl()}${path}?${parameters.toString()}>; rel="next"` };
}

/** Where what was made can be seen from now on. */
function locationOf(deps: OperationDeps, contract: Contract, output: unknown): Record<string, string> {
  if (contract.creates !== true) return {};
  const { name, recordMember } = contract;
  const show = CONTRACTS.find((other) => other.name === name.replace(/\.create$/, '.show'));
  if (show === undefined || show === contract) return {};
  const fields = output as Readonly<Record<string, unknown>>;
  const record = recordMember === undefined ? fields : (fields[recordMember] as typeof fields);
  const path = show.path.replaceAll(/\{(\w+)\}/g, (_, field: string) =>
    encodeURIComponent(String(record[field])),
  );
  return { location: `${deps.server.publicUrl()}${path}` };
}
