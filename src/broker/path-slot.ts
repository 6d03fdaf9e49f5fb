// The path of a call without what stands where the credential will: clients that keep a key in the path put the agent's token
// there. What is decided, recorded and sent on is the path below it.
import type { Service } from '../core/entities.ts';
import { matchPathSlot } from '../core/template.ts';
import { slotsOf } from '../vault/credential.ts';
import type { CallingAgent } from './caller.ts';
import type { BrokerDeps } from './deps.ts';

/** What stands in the slot of the service's credential in a raw address. */
export function pathTokens(address: string, template: string | undefined): readonly string[] {
  return template === undefined ? [] : (matchPathSlot(template, address)?.values ?? []);
}

/**
 * The raw address below the service. A slot with text of its own (`/bot{value}`) is taken away whatever is in it; one
 * without (`/{value}`) only where the agent's token is, since any other segment may be the call's own path.
 */
export function addressBelow(
  { authority }: Pick<BrokerDeps, 'authority'>,
  address: string,
  { service, caller }: { readonly service: Service | undefined; readonly caller: CallingAgent },
): string {
  const template = service === undefined ? undefined : slotsOf(service).path;
  if (service === undefined || template === undefined) return address;
  if (authority.grant(caller.agent.id, service.id) === undefined) return address; // its slots are nobody's business
  const match = matchPathSlot(template, address);
  if (match === undefined) return address;
  const hasText = template.replaceAll(/\{[^}]*\}|\//g, '') !== '';
  return hasText || match.values.some((text) => caller.withheld.includes(text)) ? match.rest : address;
}
