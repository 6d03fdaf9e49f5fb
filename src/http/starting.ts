// What is answered while the server starts. Light to load: it answers before the rest of the server is there.
import type { RequestListener } from 'node:http';
import { type IdSource, newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { ALIVE, NO_STORE, toBody } from './health.ts';
import { sendProblem } from './send-problem.ts';

/** Alive, not ready, and for everything else a problem that passes. */
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
