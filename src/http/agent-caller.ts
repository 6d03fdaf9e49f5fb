// Who asks on a road of agents that is no call: the bearer of an access token or of a run's placeholder.
import { authenticate } from '../broker/authenticate.ts';
import type { CallingAgent } from '../broker/caller.ts';
import { ConnectionMemory } from '../broker/connection-memory.ts';
import type { BrokerDeps } from '../broker/deps.ts';
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';

export interface AgentCaller {
  readonly caller: CallingAgent;
  readonly token: string;
}

/** Throws `unauthenticated` or `too-many-attempts`. What is bound to one service is as good as a stranger's here. */
export async function requireAgentCaller(
  broker: BrokerDeps,
  request: {
    readonly authorization: string | undefined;
    readonly id: Id<'req'>;
    readonly client: string;
    readonly path: string;
  },
): Promise<AgentCaller> {
  const token = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(request.authorization ?? '')?.[1];
  if (token === undefined) {
    throw new Problem('unauthenticated', {
      detail: 'Send Authorization: Bearer with an access token of an agent, or the placeholder of a run.',
      extensions: { reason: 'no-token' },
    });
  }
  const call = {
    request: request.id,
    method: 'POST',
    service: '',
    address: request.path,
    headers: [['authorization', `Bearer ${token}`]],
    body: undefined,
    contentLength: undefined,
    client: request.client,
    memory: new ConnectionMemory(),
  } as const;
  return { caller: await authenticate(broker, call, undefined), token };
}
