// Everything that is not a call: tokens, metadata, health and administration, on Hono.
import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { BrokerDeps } from '../broker/deps.ts';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { OperationDeps } from '../operations/operation.ts';
import { translated } from '../operations/run.ts';
import type { Log } from '../telemetry/log.ts';
import { mountAccessRequests } from './access-endpoint.ts';
import { mountAdminApi } from './admin-api.ts';
import { mountOwnDecisions } from './decision-endpoint.ts';
import type { Environment } from './environment.ts';
import { mountHealth, type Readiness } from './health.ts';
import { mountOpenApi } from './openapi.ts';
import { mountMcp } from './mcp-endpoint.ts';
import { otherMethods } from './other-methods.ts';
import { mountProblemPages } from './problem-pages.ts';
import { asProblem, toProblemResponse } from './problem-response.ts';
import { mountTokenEndpoint, type TokenEndpointDeps } from './token-endpoint.ts';
import { mountWellKnown } from './well-known.ts';

export interface ServiceDeps {
  readonly operations: OperationDeps;
  readonly tokens: TokenEndpointDeps;
  /** What agents ask beside calls is asked of it too. */
  readonly broker: BrokerDeps;
  readonly isDraining: () => boolean;
  readonly readiness: () => Promise<Readiness>;
  readonly log: Log;
}

export function createService(deps: ServiceDeps): RequestListener {
  const listener = getRequestListener(createRoutes(deps).fetch, {
    overrideGlobalObjects: false,
    hostname: 'localhost', // of who sends no Host, as in HTTP/1.0; who is served at all has been decided
  });
  return (request, response) => void listener(request, response);
}

/** Every route of the service; what they are is also what /openapi.json says. */
export function createRoutes(deps: ServiceDeps): Hono<Environment> {
  const app = new Hono<Environment>();
  const { server } = deps.operations;
  const publicUrl = server.publicUrl();
  app.use(async (context, next) => {
    const id = newId(deps.operations.ids, 'req');
    const clientRequest = clientRequestId(context.req.header('x-request-id'));
    context.set('requestId', id);
    context.set('clientRequestId', clientRequest);
    await next();
    context.header('x-request-id', id);
    if (clientRequest !== undefined) context.header('x-client-request-id', clientRequest);
    context.header('x-content-type-options', 'nosniff');
    context.header('doorward-source', 'broker');
    deps.log.debug(
      { request: id, clientRequest, operation: context.get('operation'), status: context.res.status },
      'answered',
    );
  });
  mountHealth(app, deps.readiness);
  mountWellKnown(app, deps.tokens.tokens);
  mountTokenEndpoint(app, deps.tokens);
  mountAdminApi(app, deps.operations);
  mountAccessRequests(app, deps);
  mountOwnDecisions(app, deps);
  mountMcp(app, deps);
  mountProblemPages(app, publicUrl);
  mountOpenApi(app, { version: server.version, publicUrl });
  const methodProblem = otherMethods(app);
  app.notFound((context) => {
    const nothing = new Problem('not-found', {
      detail: 'There is nothing at this address. What there is: /openapi.json',
    });
    return respond(methodProblem(context.req.path) ?? nothing, context.get('requestId'), publicUrl);
  });
  app.onError((error, context) => {
    const request = context.get('requestId');
    const problem = asProblem(translated(error), (cause) =>
      deps.log.error(
        { error: cause, request, clientRequest: context.get('clientRequestId') },
        'a request failed',
      ),
    );
    return respond(problem, request, publicUrl);
  });
  return app;
}

function respond(problem: Problem, request: `req_${string}`, publicUrl: string): Response {
  const { status, headers, body } = toProblemResponse(problem, request, publicUrl);
  return new Response(body, { status, headers });
}

/**
 * The id that a client gave its request: told back and logged beside ours, which it never replaces. One that is too long
 * or holds odd characters is passed over: it is for the client's own use, and no reason to refuse what it asks.
 */
function clientRequestId(header: string | undefined): string | undefined {
  return header !== undefined && /^[A-Za-z0-9._:+/=-]{1,128}$/.test(header) ? header : undefined;
}
