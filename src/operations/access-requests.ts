// Access requests, for administrators: listed, shown with what they come to, granted whole or in part, denied.
import { parsePattern } from '../core/address-pattern.ts';
import type { Id } from '../core/ids.ts';
import { coversAll } from '../core/pattern-cover.ts';
import { Problem } from '../core/problem.ts';
import { baseUrlText } from '../core/service.ts';
import {
  type AccessRequestRow,
  decideAccessRequest,
  findAccessRequest,
  listAccessRequests,
  type NamedAccessRequest,
} from '../store/access-requests.ts';
import type { GrantRow, ServiceRow } from '../store/authority-rows.ts';
import { findServiceByName } from '../store/services.ts';
import type { Queryable } from '../store/transaction.ts';
import { requireGenuine, SERVICE } from '../vault/genuine-rows.ts';
import { requireAgent } from './agents.ts';
import { lapsedBefore, resolveAsked, stateOf, toRequestRecord } from './asked-access.ts';
import {
  accessRequestDeny,
  accessRequestGrant,
  accessRequestList,
  accessRequestShow,
} from './contracts/access-requests.ts';
import { methodsOutside } from './grant-constraints.ts';
import { changeGrant, endOf, findGrant, makeGrant, patternsOf, shownInLog, toGrantRecord } from './grants.ts';
import { type Change, changing, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';

export const listAccessRequest = reading(accessRequestList, async (deps, input) => {
  const db = deps.database.admin;
  const { agent, state } = input;
  const now = deps.ids.clock.now();
  const agentId = agent === undefined ? undefined : (await requireAgent(db, deps, agent)).id;
  const { after, limit, finish } = openPage(deps, accessRequestList, input);
  const found = await listAccessRequests(db, deps.vaultId, {
    ...(agentId === undefined ? {} : { agentId }),
    ...(state === undefined ? {} : { state }),
    ...(after === undefined ? {} : { after }),
    lapsed: lapsedBefore(now),
    limit,
  });
  const { rows, nextCursor } = finish(found, ({ request }) => request.id);
  return { items: rows.map((row) => toRequestRecord(row, now)), nextCursor };
});

export const showAccessRequest = reading(accessRequestShow, async (deps, { id }) => {
  const db = deps.database.admin;
  const named = await requireRequest(db, deps, id);
  const { request } = named;
  const service = await findServiceByName(db, deps.vaultId, request.service);
  const present =
    service === undefined
      ? undefined
      : await findGrant(db, deps, { agentId: request.agentId, serviceId: service.id });
  const { allow, risks, unknownActions } = resolveAsked(request.allow, service?.catalogueId ?? null);
  return {
    request: toRequestRecord(named, deps.ids.clock.now()),
    service: service === undefined ? null : { name: service.name, baseUrl: baseUrlText(service) },
    allow: allow === null ? null : [...allow],
    risks: [...risks],
    unknownActions: [...unknownActions],
    present: present === undefined ? null : toGrantRecord(present),
  };
});

export const grantAccessRequest = changing(accessRequestGrant, async (change, { id, allow, expiresAt }) => {
  const { deps, tx, now } = change;
  const named = await requirePending(change, id);
  const service = await requireAskedService(change, named.request.service);
  await requireAgent(tx, deps, named.agentName); // that it is who it says
  const given = chosen(named.request, service, allow);
  const end = expiresAt === undefined ? undefined : endOf(expiresAt, now);
  const pair = { agentId: named.request.agentId, serviceId: service.id };
  const present = (await findGrant(tx, deps, pair))?.grant;
  const grant = await grantInto(change, { ...pair, present, given, end });
  const request = await decide(change, named, 'granted');
  return {
    output: {
      request,
      grant: toGrantRecord({ grant, agentName: named.agentName, serviceName: service.name }),
    },
    target: { type: 'access-request', id },
    ...(present === undefined ? {} : { before: shownInLog(present) }),
    after: { agent: pair.agentId, service: service.id, grant: grant.id, ...shownInLog(grant) },
  };
});

export const denyAccessRequest = changing(accessRequestDeny, async (change, { id }) => {
  const named = await requirePending(change, id);
  return {
    output: await decide(change, named, 'denied'),
    target: { type: 'access-request', id },
    after: { agent: named.request.agentId, service: named.request.service },
  };
});

/** The patterns that are granted: all that were asked for, or those the administrator names, if they lie within. */
function chosen(
  request: AccessRequestRow,
  service: ServiceRow,
  named: readonly string[] | null | undefined,
): readonly string[] | null {
  const asked = resolveAsked(request.allow, service.catalogueId);
  if (named === undefined) {
    const [unknown] = asked.unknownActions;
    if (unknown === undefined) return asked.allow;
    throw new Problem('invalid-input', {
      detail: `The catalogue has no action ${unknown} for the service ${service.name}. Name what to grant in its place: allow (--allow), or deny the request.`,
    });
  }
  const given = patternsOf(named);
  if (coversAll(asked.allow?.map(parsePattern), given?.map(parsePattern))) return given;
  throw new Problem('invalid-input', {
    detail:
      'allow: that is more than what was asked for. Grant a part of it here; grant more with: doorward grant add, doorward grant set',
  });
}

interface Given {
  readonly agentId: Id<'agt'>;
  readonly serviceId: Id<'svc'>;
  readonly present: GrantRow | undefined;
  readonly given: readonly string[] | null;
  /** Undefined: none was named. */
  readonly end: Date | null | undefined;
}

/** A grant has one end: what is added to one that has not ended ends with it. What has ended is not revived. */
async function grantInto(
  change: Change,
  { agentId, serviceId, present, given, end }: Given,
): Promise<GrantRow> {
  if (present === undefined) {
    const lives = { constraints: {}, expiresAt: end ?? null };
    return await makeGrant(change, { agentId, serviceId, allow: given, ...lives });
  }
  if (present.expiresAt !== null && present.expiresAt <= change.now) {
    return await changeGrant(change, present, { allow: given, expiresAt: end ?? null });
  }
  if (end !== undefined && end?.getTime() !== present.expiresAt?.getTime()) {
    throw new Problem('invalid-input', {
      detail: `expiresAt: the agent has a grant on this service already, ${endText(present)}, and what is added ends with it. Leave the end out, or change the whole grant first: doorward grant set`,
    });
  }
  const outside = methodsOutside(present.constraints, given);
  if (outside.length > 0) {
    throw new Problem('invalid-input', {
      detail: `allow: the agent has a grant on this service that is for other methods only, and ${outside.join(', ')} would be refused all the same. Change it first: doorward grant set … --methods, or --lift methods`,
    });
  }
  const { allow } = present;
  return await changeGrant(change, present, {
    allow: allow === null || given === null ? null : [...new Set([...allow, ...given])],
  });
}

function endText({ expiresAt }: GrantRow): string {
  return expiresAt === null ? 'without an end' : `until ${expiresAt.toISOString()}`;
}

async function decide(
  { deps, tx, caller, now }: Change,
  { request, agentName }: NamedAccessRequest,
  decision: 'granted' | 'denied',
) {
  const decided = { ...request, decidedAt: now, decision, decidedBy: caller.principal.id };
  await decideAccessRequest(tx, decided);
  return toRequestRecord({ request: decided, agentName }, deps.ids.clock.now());
}

async function requirePending({ deps, tx, now }: Change, id: Id<'arq'>): Promise<NamedAccessRequest> {
  const named = await requireRequest(tx, deps, id);
  const state = stateOf(named.request, now);
  if (state === 'pending') return named;
  const why = state === 'lapsed' ? 'has lapsed; the agent can ask again' : `was ${state} before`;
  throw new Problem('request-decided', { detail: `The access request ${id} ${why}.` });
}

async function requireRequest(
  db: Queryable,
  deps: OperationDeps,
  id: Id<'arq'>,
): Promise<NamedAccessRequest> {
  const named = await findAccessRequest(db, deps.vaultId, id);
  if (named !== undefined) return named;
  throw new Problem('not-found', {
    detail: `There is no access request ${id}. Those that wait: doorward access list`,
  });
}

async function requireAskedService({ deps, tx }: Change, name: string): Promise<ServiceRow> {
  const service = await findServiceByName(tx, deps.vaultId, name);
  if (service !== undefined)
    return requireGenuine(deps.keyring, SERVICE, { row: service, name: `The service ${name}` });
  throw new Problem('not-found', {
    detail: `There is no service named ${name}. Add it first (doorward add ${name}), or deny the request.`,
  });
}
