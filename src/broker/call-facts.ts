// What the constraints of a grant are held against, read from a call: nothing of it is taken from what the caller says of
// itself but what is sent on as it says.
import type { CanonicalAddress } from '../core/address.ts';
import type { BodyFacts, CallFacts } from '../core/constraint-check.ts';
import type { Service } from '../core/entities.ts';
import { slotsOf } from '../vault/credential.ts';
import type { BrokeredCall } from './call.ts';
import type { CallBody } from './call-body.ts';

export function factsOf(
  call: Pick<BrokeredCall, 'client' | 'headers' | 'isWebSocket'>,
  body: CallBody,
  { service, address }: { readonly service: Service | undefined; readonly address: CanonicalAddress },
): CallFacts {
  const slots: readonly string[] = service === undefined ? [] : slotsOf(service).query;
  return {
    client: call.client,
    query: address.decodedQuery.filter(([name]) => !slots.includes(name)),
    body: bodyFacts(call, body),
  };
}

function bodyFacts(
  { headers, isWebSocket }: Pick<BrokeredCall, 'headers' | 'isWebSocket'>,
  body: CallBody,
): BodyFacts {
  const valuesOf = (wanted: string) =>
    headers.flatMap(([name, value]) => (name.toLowerCase().replaceAll('_', '-') === wanted ? [value] : []));
  return {
    kind: isWebSocket === true ? 'websocket' : body.isThere && body.length !== 0 ? 'bytes' : 'none',
    contentTypes: valuesOf('content-type'),
    isCoded: valuesOf('content-encoding').some((coding) => coding.trim().toLowerCase() !== 'identity'),
    length: body.length,
    held: body.held,
  };
}
