// Grants: made, listed, taken back.
import { parsePattern } from '../core/address-pattern.ts';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { findAgentByName } from '../store/agents.ts';
import type { GrantRow } from '../store/authority-rows.ts';
import { insertGrant, listGrants, type NamedGrant } from '../store/grants.ts';
import { findServiceByName } from '../store/services.ts';
import { grantMacColumns } from '../vault/mac-columns.ts';
import { rowMac } from '../vault/row-mac.ts';
import { requireAgent } from './agents.ts';
import { grantCreate, grantList, type GrantRecord, grantRemove } from './contracts/grants.ts';
import { changing, reading } from './operation.ts';
import { removeGrant } from './remove-grant.ts';
import { requireService } from './services.ts';

export const createGrant = changing(grantCreate, async ({ deps, tx, now, raiseEpoch }, input) => {
  const agent = await requireAgent(tx, deps, input.agent);
  const service = await requireService(tx, deps, input.service);
  const allow = input.allow?.map((text) => parsePattern(text).text) ?? null;
  const expiresAt = input.expiresAt === undefined ? null : new Date(input.expiresAt);
  if (allow?.length === 0)
    throw new Problem('invalid-input', { detail: 'allow: name at least one pattern.' });
  if (expiresAt !== null && expiresAt <= now) {
    throw new Problem('invalid-input', { detail: 'expiresAt: that moment has passed.' });
  }
  const changedEpoch = await raiseEpoch();
  const columns = {
    vaultId: deps.vaultId,
    id: newId(deps.ids, 'grt'),
    agentId: agent.id,
    serviceId: service.id,
    allow,
    expiresAt,
    revision: 1,
    removedAt: null,
  };
  const mac = rowMac(deps.keyring, 'service_grant', grantMacColumns(columns));
  const grant: GrantRow = { ...columns, mac, changedEpoch, createdAt: now };
  await insertGrant(tx, grant);
  return {
    output: toRecord({ grant, agentName: agent.name, serviceName: service.name }),
    target: { type: 'grant', id: grant.id },
    after: {
      agent: agent.id,
      service: service.id,
      allow,
      revision: 1,
      expiresAt: expiresAt?.toISOString() ?? null,
    },
  };
});

export const listGrant = reading(grantList, async (deps, { agent, service, limit, cursor }) => {
  const db = deps.database.admin;
  const agentId = agent === undefined ? undefined : (await requireAgent(db, deps, agent)).id;
  const serviceId = service === undefined ? undefined : (await requireService(db, deps, service)).id;
  const rows = await listGrants(db, deps.vaultId, {
    ...(agentId === undefined ? {} : { agentId }),
    ...(serviceId === undefined ? {} : { serviceId }),
    ...(cursor === undefined ? {} : { after: cursor }),
    limit: limit + 1,
  });
  const items = rows.slice(0, limit).map(toRecord);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
});

export const takeBackGrant = changing(grantRemove, async (change, input) => {
  const { deps, tx } = change;
  const agent = await findAgentByName(tx, deps.vaultId, input.agent);
  const service = await findServiceByName(tx, deps.vaultId, input.service);
  const [named] =
    agent === undefined || service === undefined
      ? []
      : await listGrants(tx, deps.vaultId, { agentId: agent.id, serviceId: service.id, limit: 1 });
  if (named === undefined) {
    throw new Problem('not-found', { detail: `${input.agent} has no grant on ${input.service}.` });
  }
  await removeGrant(change, named.grant);
  return {
    output: toRecord(named),
    target: { type: 'grant', id: named.grant.id },
    before: { agent: named.grant.agentId, service: named.grant.serviceId, allow: named.grant.allow },
  };
});

function toRecord({ grant, agentName, serviceName }: NamedGrant): GrantRecord {
  return {
    id: grant.id,
    agent: agentName,
    service: serviceName,
    revision: grant.revision,
    allow: grant.allow === null ? null : [...grant.allow],
    expiresAt: grant.expiresAt?.toISOString() ?? null,
    createdAt: grant.createdAt.toISOString(),
  };
}
