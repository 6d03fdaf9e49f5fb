// /healthz: the process answers. /readyz: it may be sent calls. Both also before everything else is ready.
import type { RequestListener } from 'node:http';
import type { Hono } from 'hono';
import { type IdSource, newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { sendProblem } from './broker-endpoint.ts';
import type { Environment } from './environment.ts';

export interface Readiness {
  readonly isReady: boolean;
  /** Each check by name: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
}

const NO_STORE = { 'cache-control': 'no-store' };
const ALIVE = { status: 'ok' };

export function mountHealth(app: Hono<Environment>, readiness: () => Promise<Readiness>): void {
  app.get('/healthz', (context) => context.json(ALIVE, 200, NO_STORE));
  app.get('/readyz', async (context) => {
    const found = await readiness();
    return context.json(toBody(found), found.isReady ? 200 : 503, NO_STORE);
  });
}

/** What is answered while the server starts: alive, not ready, and for everything else a problem that passes. */
export function startingListener(ids: IdSource): RequestListener {
  return (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, {
        ...NO_STORE,
        'content-type': 'application/json',
        'doorward-source': 'broker',
        ...(status === 503 ? { 'retry-after': '1' } : {}),
      });
      response.end(JSON.stringify(body));
    };
    if (request.url === '/healthz') answer(200, ALIVE);
    else if (request.url === '/readyz')
      answer(503, toBody({ isReady: false, checks: { start: 'under way' } }));
    else {
      const problem = new Problem('not-ready', { detail: 'The server is starting. Try again in a moment.' });
      sendProblem({ request, response, id: newId(ids, 'req') }, problem);
    }
  };
}

function toBody({ isReady, checks }: Readiness): object {
  return { status: isReady ? 'ready' : 'not ready', checks };
}
