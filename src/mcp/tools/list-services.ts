// Tool `list_services`: what the agent may call.
import { z } from 'zod';
import { type GrantedService, grantedServices } from '../granted.ts';
import { told, tool } from '../tool.ts';

export const listServices = tool({
  name: 'list_services',
  title: 'What this agent may call',
  description:
    'Lists the services this agent may call through Doorward, with the methods and paths it was granted and the named ' +
    'actions they hold (with their risk). Keys are never shown: call_service puts them in.',
  input: z.strictObject({}),
  annotations: { readOnlyHint: true, openWorldHint: false },
  call: async ({ deps, agent }) =>
    Promise.resolve(told({ services: grantedServices(deps, agent).map(toListed) })),
});

function toListed({ service, grant, entry, access, actions }: GrantedService) {
  return {
    name: service.name,
    ...(entry === undefined ? {} : { api: entry.name, docs: entry.docsUrl }),
    allow: grant.allow?.map(({ text }) => text) ?? ['* /**'],
    ...(service.guards.length === 0 ? {} : { deny: service.guards.map(({ text }) => text) }),
    ...(Object.keys(grant.constraints).length === 0 ? {} : { constraints: grant.constraints }),
    access,
    expiresAt: grant.expiresAt?.toISOString() ?? null,
    actions: actions.map(({ name, risk, summary, patterns }) => ({
      name,
      risk,
      summary,
      allow: patterns.map(({ text }) => text),
    })),
  };
}
