// Grants: made, listed, changed, taken back.
import { parsePattern } from '../core/address-pattern.ts';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { findAgentByName } from '../store/agents.ts';
import type { GrantRow } from '../store/authority-rows.ts';
import { insertGrant, listGrants, type NamedGrant } from '../store/grants.ts';
import { findServiceByName } from '../store/services.ts';
import type { Queryable } from '../store/transaction.ts';
import { writeGrant } from '../vault/changed-rows.ts';
import { GRANT, requireGenuine } from '../vault/genuine-rows.ts';
import { grantMacColumns } from '../vault/mac-columns.ts';
import { rowMac } from '../vault/row-mac.ts';
import { requireAgent } from './agents.ts';
import {
  grantCreate,
  grantList,
  type GrantRecord,
  grantRemove,
  grantShow,
  grantUpdate,
} from './contracts/grants.ts';
import { changedCover, constraintsInLog } from './grant-constraints.ts';
import { type Change, changing, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';
import { removeGrant } from './remove-grant.ts';
import { touchAgents } from './save-agent.ts';
import { requireService } from './services.ts';

export const createGrant = changing(grantCreate, async (change, input) => {
  const { deps, tx, now } = change;
  const agent = await requireAgent(tx, deps, input.agent);
  const service = await requireService(tx, deps, input.service);
  const grant = await makeGrant(change, {
    agentId: agent.id,
    serviceId: service.id,
    ...changedCover(
      { allow: null, constraints: {} },
      {
        allow: input.allow === undefined ? undefined : patternsOf(input.allow),
        constraints: input.constraints,
      },
      service.catalogueId,
    ),
    expiresAt: endOf(input.expiresAt ?? null, now),
  });
  return {
    output: toGrantRecord({ grant, agentName: agent.name, serviceName: service.name }),
    target: { type: 'grant', id: grant.id },
    after: { agent: agent.id, service: service.id, ...shownInLog(grant) },
  };
});

export const listGrant = reading(grantList, async (deps, input) => {
  const db = deps.database.admin;
  const { agent, service } = input;
  const agentId = agent === undefined ? undefined : (await requireAgent(db, deps, agent)).id;
  const serviceId = service === undefined ? undefined : (await requireService(db, deps, service)).id;
  const { after, limit, finish } = openPage(deps, grantList, input);
  const found = await listGrants(db, deps.vaultId, {
    ...(agentId === undefined ? {} : { agentId }),
    ...(serviceId === undefined ? {} : { serviceId }),
    ...(after === undefined ? {} : { after }),
    limit,
  });
  const { rows, nextCursor } = finish(found, ({ grant }) => grant.id);
  return { items: rows.map(toGrantRecord), nextCursor };
});

export const showGrant = reading(grantShow, async (deps, pair) =>
  toGrantRecord(await requireGrant(deps.database.admin, deps, pair)),
);

export const updateGrant = changing(grantUpdate, async (change, input) => {
  const { allow, constraints, expiresAt, ...pair } = input;
  const { deps, tx, now, precondition } = change;
  const named = await requireGrant(tx, deps, pair);
  const before = named.grant;
  precondition.require(before);
  if (allow === undefined && constraints === undefined && expiresAt === undefined) {
    throw new Problem('invalid-input', {
      detail: 'Name at least one field to change: allow, constraints, expiresAt.',
    });
  }
  const service = await requireService(tx, deps, pair.service);
  const asked = {
    allow: allow === undefined ? undefined : patternsOf(allow),
    constraints: constraints ?? {},
  };
  const after = await changeGrant(change, before, {
    ...changedCover(before, asked, service.catalogueId),
    ...(expiresAt === undefined ? {} : { expiresAt: endOf(expiresAt, now) }),
  });
  return {
    output: toGrantRecord({ ...named, grant: after }),
    target: { type: 'grant', id: after.id },
    before: shownInLog(before),
    after: shownInLog(after),
  };
});

export const takeBackGrant = changing(grantRemove, async (change, pair) => {
  const { deps, tx, precondition } = change;
  const named = await requireGrantToStop(tx, deps, pair);
  const { grant } = named;
  precondition.require(grant);
  await removeGrant(change, grant);
  await touchAgents(change, [grant.agentId]);
  return {
    output: toGrantRecord(named),
    target: { type: 'grant', id: grant.id },
    before: { agent: grant.agentId, service: grant.serviceId, allow: grant.allow },
  };
});

/** Throws `not-found` or `record-altered`. */
export async function requireGrant(
  db: Queryable,
  deps: OperationDeps,
  pair: { readonly agent: string; readonly service: string },
): Promise<NamedGrant> {
  const named = await requireGrantToStop(db, deps, pair);
  await requireAgent(db, deps, pair.agent); // another's name may stand there
  await requireService(db, deps, pair.service);
  requireGenuine(deps.keyring, GRANT, { row: named.grant, name: grantName(named) });
  return named;
}

function grantName({ agentName, serviceName }: NamedGrant): string {
  return `The grant of ${agentName} on ${serviceName}`;
}

/** As it stands in the database, whoever wrote it: what takes rights away must not fail because of that. */
export async function requireGrantToStop(
  db: Queryable,
  deps: OperationDeps,
  pair: { readonly agent: string; readonly service: string },
): Promise<NamedGrant> {
  const { vaultId } = deps;
  const agent = await findAgentByName(db, vaultId, pair.agent);
  const service = await findServiceByName(db, vaultId, pair.service);
  const named =
    agent === undefined || service === undefined
      ? undefined
      : (await listGrants(db, vaultId, { agentId: agent.id, serviceId: service.id, limit: 1 }))[0];
  if (named !== undefined) return named;
  throw new Problem('not-found', { detail: `${pair.agent} has no grant on ${pair.service}.` });
}

/** The grant of that agent on that service; undefined: there is none. Throws `record-altered`. */
export async function findGrant(
  db: Queryable,
  { vaultId, keyring }: OperationDeps,
  pair: Pick<GrantRow, 'agentId' | 'serviceId'>,
): Promise<NamedGrant | undefined> {
  const [named] = await listGrants(db, vaultId, { ...pair, limit: 1 });
  if (named !== undefined) requireGenuine(keyring, GRANT, { row: named.grant, name: grantName(named) });
  return named;
}

/** Puts a grant where there is none. */
export async function makeGrant(
  change: Change,
  given: Pick<GrantRow, 'agentId' | 'serviceId' | 'allow' | 'constraints' | 'expiresAt'>,
): Promise<GrantRow> {
  const { deps, tx, now, changedEpoch } = change;
  const { vaultId } = deps;
  const fresh = { frozenAt: null, frozenReason: null, revision: 1, removedAt: null };
  const columns = { vaultId, id: newId(deps.ids, 'grt'), ...given, ...fresh };
  const mac = rowMac(deps.keyring, 'service_grant', grantMacColumns(columns));
  const grant: GrantRow = { ...columns, mac, changedEpoch, createdAt: now };
  await insertGrant(tx, grant);
  await touchAgents(change, [grant.agentId]);
  return grant;
}

/** Writes the grant's next revision. */
export async function changeGrant(
  { deps, tx, changedEpoch }: Change,
  before: GrantRow,
  fields: Partial<Pick<GrantRow, 'allow' | 'constraints' | 'expiresAt'>>,
): Promise<GrantRow> {
  return await writeGrant({ tx, keyring: deps.keyring, changedEpoch }, before, fields);
}

/** In canonical form. Throws `invalid-input`. */
export function patternsOf(allow: readonly string[] | null): string[] | null {
  return allow?.map((text) => parsePattern(text).text) ?? null;
}

export function endOf(expiresAt: string | null, now: Date): Date | null {
  const end = expiresAt === null ? null : new Date(expiresAt);
  if (end === null || end > now) return end;
  throw new Problem('invalid-input', { detail: 'expiresAt: that moment has passed.' });
}

export function shownInLog({ allow, constraints, revision, expiresAt }: GrantRow) {
  const told = constraintsInLog(constraints);
  return {
    allow,
    ...(told.length === 0 ? {} : { constraints: told }),
    revision,
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}

export function toGrantRecord({ grant, agentName, serviceName }: NamedGrant): GrantRecord {
  return {
    id: grant.id,
    agent: agentName,
    service: serviceName,
    revision: grant.revision,
    allow: grant.allow === null ? null : [...grant.allow],
    constraints: grant.constraints,
    expiresAt: grant.expiresAt?.toISOString() ?? null,
    frozenAt: grant.frozenAt?.toISOString() ?? null,
    frozenReason: grant.frozenReason,
    createdAt: grant.createdAt.toISOString(),
  };
}
