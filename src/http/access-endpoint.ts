// What agents ask for: POST /v1/access-requests with their own token, and the page that a person is shown about a request.
import type { Hono } from 'hono';
import type { BrokerDeps } from '../broker/deps.ts';
import { isId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { accessRequestAsk } from '../operations/contracts/access-requests.ts';
import type { OperationDeps } from '../operations/operation.ts';
import { requestAccess } from '../operations/request-access.ts';
import { parseInput } from '../operations/run.ts';
import { requireAgentCaller } from './agent-caller.ts';
import { clientOf } from './broker-endpoint.ts';
import type { Environment } from './environment.ts';
import { inputOf } from './request-input.ts';

export function mountAccessRequests(
  app: Hono<Environment>,
  { operations, broker }: { readonly operations: OperationDeps; readonly broker: BrokerDeps },
): void {
  const { method, path, input: schema } = accessRequestAsk;
  app.post(path, async (context) => {
    const { incoming } = context.env;
    const id = context.get('requestId');
    const client = clientOf(incoming);
    const authorization = context.req.header('authorization');
    const { caller } = await requireAgentCaller(broker, { authorization, id, client, path });
    context.set('operation', accessRequestAsk.name);
    const input = parseInput(schema, await inputOf({ method }, incoming, {}));
    const { agent, principal } = caller;
    const asked = await requestAccess(operations, { agent, principal, request: id, client }, input);
    if (asked.result === 'covered') {
      throw new Problem('already-exists', {
        detail: 'The grant of this agent covers that already: nothing needs to be asked for.',
      });
    }
    return context.json(asked.request, asked.isNew ? 201 : 200, { 'cache-control': 'no-store' });
  });
  // Says nothing about the request itself: whoever opens it may be anybody.
  app.get('/access-requests/:id', (context) => {
    const id = context.req.param('id');
    if (!isId('arq', id)) throw new Problem('not-found', { detail: 'That is no access request.' });
    return context.text(page(id), 200, { 'cache-control': 'no-store' });
  });
}

function page(id: string): string {
  return `An agent asks for access: ${id}

Whoever administers this Doorward looks at it, and decides, on its command line:

  doorward access show ${id}
  doorward access grant ${id}
  doorward access deny ${id}

Nothing is granted by opening this page. Once it is decided, let the agent ask again.
`;
}
