// A recorded call decided anew, by the same function that decides calls. Freezes and ends of grants are left out: they are no
// part of what a grant covers, and a call of last week is not asked about this minute.
import { setImmediate } from 'node:timers/promises';
import type { Grant, Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import { type Decision, decideOpening } from '../core/policy.ts';
import type { RecordedCall } from '../vault/audit/recorded-calls.ts';
import type { OperationDeps } from './operation.ts';

/** What stands in the place of the service or the grant as memory has them. */
export interface Replaced {
  readonly service: Service;
  /** Undefined: the agent has none. */
  readonly grant: Grant | undefined;
}

/** Undefined where the agent is gone, whose calls no change concerns any more. */
export function decideAgain(
  { authority }: Pick<OperationDeps, 'authority'>,
  call: RecordedCall,
  { service, grant }: Replaced,
): Decision | undefined {
  const agent = authority.agent(call.agent);
  if (agent === undefined) return undefined;
  return decideOpening(
    {
      agent: { ...agent, frozen: false },
      service,
      grant: grant === undefined ? undefined : lasting(grant),
      scope: undefined,
      method: call.method,
      address: call.address,
      now: call.at,
      facts: { client: call.client, query: queryOf(call, service) },
    },
    call.isWebSocket,
  );
}

/** Of its rules about a query, what can be said by names alone. */
function lasting(grant: Grant): Grant {
  const { query, ...others } = grant.constraints;
  const byName = query
    ?.filter(({ use, values, prefixes }) => use !== 'forbidden' || (values ?? prefixes) === undefined)
    .map(({ name, use }) => ({ name, use }));
  const constraints = byName === undefined ? others : { ...others, query: byName };
  return { ...grant, constraints, frozen: false, expiresAt: undefined };
}

/** The names that are on record, without the one that carries a credential. */
function queryOf(
  { queryKeys }: RecordedCall,
  { auth }: Service,
): readonly (readonly [string, string])[] | undefined {
  const credential = auth.kind === 'query' ? auth.name : undefined;
  return queryKeys?.filter((name) => name !== credential).map((name) => [name, ''] as const);
}

/** So many are decided in one go, while calls wait. */
const SLICE = 200;

/** The calls a few at a time, with room for other work between. */
export async function* inSlices(calls: readonly RecordedCall[]): AsyncGenerator<readonly RecordedCall[]> {
  for (let at = 0; at < calls.length; at += SLICE) {
    yield calls.slice(at, at + SLICE);
    await setImmediate();
  }
}

/** The service that was called, as it is now; undefined: it is gone. */
export function serviceOf({ authority }: OperationDeps, call: RecordedCall): Service | undefined {
  return call.serviceId === undefined
    ? authority.serviceByName(call.service)
    : authority.service(call.serviceId);
}

/** Whether it was refused by what a grant or a guard says. */
export function wasRefusedByPolicy({ refusal }: RecordedCall): boolean {
  if (refusal === undefined || refusal.rule === 'scope') return false; // the token's scope is not on record
  return refusal.problem === 'no-grant' || refusal.problem === 'not-allowed';
}

/** A grant that nobody has yet, to decide by. */
export function imaginedGrant(agentId: Id<'agt'>, serviceId: Id<'svc'>): Grant {
  return {
    id: `grt_${'0'.repeat(26)}`,
    agentId,
    serviceId,
    allow: undefined,
    expiresAt: undefined,
    constraints: {},
    frozen: false,
    revision: 0,
  };
}

export const NOT_RECORDED = [
  'Values of a query and what a body is are not on record: rules about them are not tried.',
  "The scope of a token is not on record: it is taken for all of the agent's grants.",
  'Freezes and ends of grants are left out.',
] as const;
