// Agents: the workloads that call, each with an agent key that is shown once.
import { z } from 'zod';
import { idSchema, Name } from '../../core/ids.ts';
import { contract, Moment, page, pageInput } from '../contract.ts';

export const AgentRecord = z
  .strictObject({
    id: idSchema('agt'),
    name: Name,
    state: z.enum(['active', 'frozen']),
    services: z.array(Name),
    generation: z.number().int(),
    revision: z.number().int(),
    createdAt: Moment,
  })
  .meta({ id: 'Agent' });
export type AgentRecord = z.output<typeof AgentRecord>;

const byName = z.strictObject({ name: Name });

export const agentCreate = contract({
  name: 'agent.create',
  method: 'POST',
  path: '/v1/agents',
  permission: 'agent:write',
  summary: 'Register an agent; its agent key is shown once',
  input: byName.meta({ examples: [{ name: 'helper' }] }),
  output: z.strictObject({ agent: AgentRecord, key: z.string() }),
  creates: true,
  shownOnce: ['key'],
  recordMember: 'agent',
});

export const agentList = contract({
  name: 'agent.list',
  method: 'GET',
  path: '/v1/agents',
  permission: 'agent:read',
  summary: 'List agents',
  input: z.strictObject(pageInput),
  output: page(AgentRecord),
});

export const agentShow = contract({
  name: 'agent.show',
  method: 'GET',
  path: '/v1/agents/{name}',
  permission: 'agent:read',
  summary: 'Show one agent',
  input: byName,
  output: AgentRecord,
});

export const agentFreeze = contract({
  name: 'agent.freeze',
  method: 'POST',
  path: '/v1/agents/{name}/freeze',
  permission: 'agent:freeze',
  summary: 'Stop an agent: no call of it starts after this returns',
  input: byName,
  output: AgentRecord,
});

export const agentUnfreeze = contract({
  name: 'agent.unfreeze',
  method: 'POST',
  path: '/v1/agents/{name}/unfreeze',
  permission: 'agent:freeze',
  summary: 'Let a frozen agent call again',
  input: byName,
  output: AgentRecord,
});

export const agentRevoke = contract({
  name: 'agent.revoke',
  method: 'POST',
  path: '/v1/agents/{name}/revoke',
  permission: 'agent:freeze',
  summary: 'Make everything an agent was handed worthless: its runs, access tokens and placeholders',
  input: byName,
  output: z.strictObject({
    name: Name,
    runsEnded: z.number().int(),
    placeholdersRevoked: z.number().int(),
  }),
});

export const agentRemove = contract({
  name: 'agent.remove',
  method: 'DELETE',
  path: '/v1/agents/{name}',
  permission: 'agent:write',
  summary: 'Remove an agent with its key, grants and runs',
  input: byName,
  output: z.strictObject({ id: idSchema('agt'), name: Name, grantsRemoved: z.number().int() }),
});
