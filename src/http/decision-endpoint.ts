// What agents ask about themselves before they call: POST /v1/decisions/own with their own token.
import type { Hono } from 'hono';
import type { BrokerDeps } from '../broker/deps.ts';
import { ownDecisionAsk } from '../operations/contracts/calls.ts';
import { decideOwnCall } from '../operations/decide-call.ts';
import type { OperationDeps } from '../operations/operation.ts';
import { parseInput } from '../operations/run.ts';
import { requireAgentCaller } from './agent-caller.ts';
import { clientOf } from './broker-endpoint.ts';
import type { Environment } from './environment.ts';
import { inputOf } from './request-input.ts';

export function mountOwnDecisions(
  app: Hono<Environment>,
  { operations, broker }: { readonly operations: OperationDeps; readonly broker: BrokerDeps },
): void {
  const { method, path, input: schema } = ownDecisionAsk;
  app.post(path, async (context) => {
    const { incoming } = context.env;
    const client = clientOf(incoming);
    const { caller } = await requireAgentCaller(broker, {
      authorization: context.req.header('authorization'),
      id: context.get('requestId'),
      client,
      path,
    });
    context.set('operation', ownDecisionAsk.name);
    const asked = parseInput(schema, await inputOf({ method }, incoming, {}));
    const { agent, scope } = caller;
    const decision = decideOwnCall(operations, { agent, scope, client }, asked);
    return context.json(decision, 200, { 'cache-control': 'no-store' });
  });
}
