// Tool `whoami`: as whom the agent is known here, and what it waits for.
import { z } from 'zod';
import { pendingRequestsOf } from '../../operations/request-access.ts';
import { told, tool } from '../tool.ts';

export const whoami = tool({
  name: 'whoami',
  title: 'Who this agent is here',
  description:
    'Tells the name of this agent, whether it or the whole vault is frozen, what its token is narrowed to, and which of ' +
    'its access requests nobody has decided yet.',
  input: z.strictObject({}),
  annotations: { readOnlyHint: true, openWorldHint: false },
  call: async ({ deps, agent: caller }) => {
    const { agent, principal, scope } = caller;
    const { server, authority } = deps.operations;
    const pending = await pendingRequestsOf(deps.operations, agent);
    return told({
      agent: agent.name,
      run: principal.run ?? null,
      scope:
        scope === undefined ? null : [...scope].map(([name, access]) => `${name}:${[...access].join('+')}`),
      frozen: agent.frozen || authority.frozen !== undefined,
      pendingRequests: pending.map(({ id, service, allow, createdAt, lapsesAt }) => ({
        id,
        service,
        allow: allow ?? ['* /**'],
        createdAt,
        lapsesAt,
      })),
      broker: { address: server.publicUrl(), version: server.version },
    });
  },
});
