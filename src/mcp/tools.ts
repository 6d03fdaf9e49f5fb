// The tools an agent is offered: four that are always there, and one for each action of the services a client asks for.
import type { CallingAgent } from '../broker/caller.ts';
import type { McpDeps } from './deps.ts';
import { grantedServices } from './granted.ts';
import type { Tool } from './tool.ts';
import { actionTool } from './tools/action.ts';
import { callService } from './tools/call-service.ts';
import { listServices } from './tools/list-services.ts';
import { requestAccess } from './tools/request-access.ts';
import { whoami } from './tools/whoami.ts';

const ALWAYS: readonly Tool[] = [listServices, whoami, requestAccess, callService];

const ALL = 'all';
/** More would leave a model no room for anything else. */
const MAX_ACTION_TOOLS = 200;

/** `asked` names services, or `all`: a service that is not granted has no tools, like one that is not there. */
export function toolsFor(deps: McpDeps, agent: CallingAgent, asked: readonly string[]): readonly Tool[] {
  if (asked.length === 0) return ALWAYS;
  const wanted = new Set(asked);
  const taken = new Set(ALWAYS.map(({ listed }) => listed.name));
  const offered = [...ALWAYS];
  for (const granted of grantedServices(deps, agent)) {
    if (!wanted.has(ALL) && !wanted.has(granted.service.name)) continue;
    for (const action of granted.actions) {
      const made = actionTool(granted, action);
      if (taken.has(made.listed.name) || offered.length >= ALWAYS.length + MAX_ACTION_TOOLS) continue;
      taken.add(made.listed.name);
      offered.push(made);
    }
  }
  return offered;
}
