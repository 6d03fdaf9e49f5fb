// Everything that is not a call: tokens, metadata, health and administration, on Hono.
import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { OperationDeps } from '../operations/operation.ts';
import type { Log } from '../telemetry/log.ts';
import { mountAdminApi } from './admin-api.ts';
import type { Environment } from './environment.ts';
import { mountHealth, type Readiness } from './health.ts';
import { asProblem, toProblemResponse } from './problem-response.ts';
import { mountTokenEndpoint, type TokenEndpointDeps } from './token-endpoint.ts';
import { mountWellKnown } from './well-known.ts';

export interface ServiceDeps {
  readonly operations: OperationDeps;
  readonly tokens: TokenEndpointDeps;
  readonly readiness: () => Promise<Readiness>;
  readonly log: Log;
}

export function createService(deps: ServiceDeps): RequestListener {
  const app = new Hono<Environment>();
  app.use(async (context, next) => {
    const id = newId(deps.operations.ids, 'req');
    context.set('requestId', id);
    await next();
    context.header('x-request-id', id);
    context.header('x-content-type-options', 'nosniff');
    context.header('doorward-source', 'broker');
  });
  mountHealth(app, deps.readiness);
  mountWellKnown(app, deps.tokens.tokens);
  mountTokenEndpoint(app, deps.tokens);
  mountAdminApi(app, deps.operations);
  app.notFound((context) =>
    respond(
      new Problem('not-found', { detail: 'There is nothing at this address.' }),
      context.get('requestId'),
    ),
  );
  app.onError((error, context) => {
    const request = context.get('requestId');
    const problem = asProblem(error, (cause) =>
      deps.log.error({ error: cause, request }, 'a request failed'),
    );
    return respond(problem, request);
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (request, response) => void listener(request, response);
}

function respond(problem: Problem, request: `req_${string}`): Response {
  const { status, headers, body } = toProblemResponse(problem, request);
  return new Response(body, { status, headers });
}
