// A placeholder at another service than its own is worthless there, and somebody's mistake or theft: told at once, and
// once in a while where it goes on.
import type { Placeholder, Service } from '../core/entities.ts';
import type { Principal } from '../core/principal.ts';
import type { BrokeredCall } from './call.ts';
import type { BrokerDeps } from './deps.ts';
import { toldPlace } from './inspection/told-place.ts';

interface Sighting {
  readonly placeholder: Placeholder;
  /** Header or parameter; the value itself is told nowhere. */
  readonly where: string;
  /** Who called, as far as it is known. */
  readonly principal: Principal;
}

/** Event, line in the log and metric; in the background, since the call has its own answer. */
export function seenElsewhere(
  deps: BrokerDeps,
  call: BrokeredCall,
  service: Service | undefined,
  { placeholder, where, principal }: Sighting,
): void {
  deps.metrics.placeholderElsewhere();
  const at = service?.name ?? `#${deps.fieldHash(call.service)}`;
  if (!deps.canary.isNews(placeholder.id, at)) return;
  const { authority, audit, live, log } = deps;
  const agent = authority.agent(placeholder.agentId);
  const bound = authority.service(placeholder.serviceId);
  log.warn(
    {
      placeholder: placeholder.id,
      agent: agent?.name,
      service: bound?.name,
      seenAt: at,
      client: call.client,
    },
    'a placeholder was seen at another service than its own',
  );
  const writing = audit.append({
    kind: 'placeholder.elsewhere',
    vault: authority.vaultId,
    principal,
    request: call.request,
    client: call.client,
    placeholder: placeholder.id,
    agent: { id: placeholder.agentId, ...(agent === undefined ? {} : { name: agent.name }) },
    service: { id: placeholder.serviceId, ...(bound === undefined ? {} : { name: bound.name }) },
    seenAt: at,
    where: toldPlace(where, deps),
  });
  live.finishing(
    writing.then(
      () => undefined,
      (error: unknown) => log.error({ error }, 'a placeholder at another service was not recorded'),
    ),
  );
}
