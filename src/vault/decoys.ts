// Decoy services are traps: no work needs them, so whoever calls one, asks for access to one or for a token for one has been
// told by somebody who should not tell it anything. Told as an alarm; the agent is frozen before it is answered.
import type { Agent, Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import type { AgentPrincipal } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Authority } from './authority.ts';
import type { AutomaticFreeze } from './automatic-freeze.ts';

export interface DecoyDeps {
  readonly authority: Authority;
  readonly audit: AuditLog;
  readonly freezing: AutomaticFreeze;
  readonly metrics: Metrics;
}

export interface Touch {
  readonly agent: Pick<Agent, 'id' | 'name'>;
  readonly principal: AgentPrincipal;
  readonly request: Id<'req'>;
  readonly client?: string | undefined;
  /** Such as `access request`. */
  readonly where: string;
}

/** Once it resolves, no call of that agent starts any more. */
export async function touchDecoy(deps: DecoyDeps, service: Service, touch: Touch): Promise<void> {
  const { agent, client, where } = touch;
  deps.metrics.guardAlarm('decoy-touched', 'agent-frozen');
  await deps.audit.append({
    kind: 'guard.alarm',
    vault: deps.authority.vaultId,
    principal: touch.principal,
    request: touch.request,
    ...(client === undefined ? {} : { client }),
    alarm: 'decoy-touched',
    done: 'agent-frozen',
    agent: { id: agent.id, name: agent.name },
    service: { id: service.id, name: service.name },
    where,
  });
  const reason = `it touched the decoy ${service.name}: ${where}`;
  await deps.freezing.freezeAgent({ agentId: agent.id, reason });
}

/** What an agent is told that was frozen just now; nothing of why. */
export function frozenByDecoy(): Problem {
  return new Problem('frozen', {
    detail: 'This agent is frozen. Retrying does not help; ask an administrator.',
    extensions: { rule: 'agent-frozen' },
  });
}
