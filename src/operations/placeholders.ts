// Placeholders that outlive a run: made for an agent and a service, listed, revoked; and what an agent's clients are to be
// told of each service it may call.
import { Problem } from '../core/problem.ts';
import { addSeconds } from '../core/time.ts';
import type { AgentRow, PlaceholderRow } from '../store/authority-rows.ts';
import { listGrants } from '../store/grants.ts';
import { insertPlaceholders, listPlaceholders } from '../store/placeholders.ts';
import type { Transaction } from '../store/transaction.ts';
import { readFrozen } from '../store/vaults.ts';
import { genuineServicesOfAgent } from '../vault/genuine-services.ts';
import { removePlaceholders } from '../vault/placeholders.ts';
import { requireAgent } from './agents.ts';
import { clientVariablesOf } from './client-variables.ts';
import {
  agentServices,
  placeholderCreate,
  placeholderList,
  type PlaceholderRecord,
  placeholderRevoke,
} from './contracts/placeholders.ts';
import { entryOf, mintPlaceholder } from './mint-placeholder.ts';
import { changing, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';
import { requireService } from './services.ts';

export const createPlaceholderOf = changing(placeholderCreate, async (change, input) => {
  const { deps, tx, now } = change;
  const agent = await requireAgent(tx, deps, input.agent);
  const service = await requireService(tx, deps, input.service);
  await requireNotFrozen(tx, deps, agent);
  const { expiresInSeconds } = input;
  const { text, row } = mintPlaceholder(change, {
    agentId: agent.id,
    service,
    ...(expiresInSeconds === undefined ? {} : { expiresAt: addSeconds(now, expiresInSeconds) }),
  });
  await insertPlaceholders(tx, [row]);
  return {
    output: { ...toRecord(row, { agent: agent.name, service: service.name }), placeholder: text },
    target: { type: 'placeholder', id: row.id },
    after: { agent: agent.id, service: service.id, expiresAt: row.expiresAt?.toISOString() ?? null },
  };
});

export const listPlaceholder = reading(placeholderList, async (deps, input) => {
  const db = deps.database.admin;
  const { agent, service } = input;
  const agentId = agent === undefined ? undefined : (await requireAgent(db, deps, agent)).id;
  const serviceId = service === undefined ? undefined : (await requireService(db, deps, service)).id;
  const { after, limit, finish } = openPage(deps, placeholderList, input);
  const found = await listPlaceholders(db, deps.vaultId, {
    ...(agentId === undefined ? {} : { agentId }),
    ...(serviceId === undefined ? {} : { serviceId }),
    ...(after === undefined ? {} : { after }),
    limit,
  });
  const { rows, nextCursor } = finish(found, ({ row }) => row.id);
  const items = rows.map(({ row, agentName, serviceName }) =>
    toRecord(row, { agent: agentName, service: serviceName }),
  );
  return { items, nextCursor };
});

export const revokePlaceholder = changing(
  placeholderRevoke,
  async ({ deps, tx, now, changedEpoch }, { id }) => {
    const [found] = await listPlaceholders(tx, deps.vaultId, { id, limit: 1 });
    if (found === undefined) throw new Problem('not-found', { detail: `There is no placeholder ${id}.` });
    const { row, agentName: agent, serviceName: service } = found;
    await removePlaceholders(tx, [row], { keyring: deps.keyring, removedAt: now, changedEpoch });
    return {
      output: toRecord(row, { agent, service }),
      target: { type: 'placeholder', id },
      before: { agent: row.agentId, service: row.serviceId },
    };
  },
);

export const listAgentServices = reading(agentServices, async (deps, { name }) => {
  const db = deps.database.admin;
  const { vaultId } = deps;
  const agent = await requireAgent(db, deps, name);
  const services = await genuineServicesOfAgent(db, deps, agent.id);
  const grants = await listGrants(db, vaultId, { agentId: agent.id, limit: services.length + 1 });
  return {
    services: services.flatMap((service) => {
      const grant = grants.find((named) => named.grant.serviceId === service.id)?.grant;
      if (grant === undefined) return [];
      return {
        name: service.name,
        catalogue: service.catalogueId,
        path: `/call/${service.name}`,
        url: deps.addresses.addressOf(service) ?? null,
        allow: grant.allow === null ? null : [...grant.allow],
        deny: [...service.deny],
        expiresAt: grant.expiresAt?.toISOString() ?? null,
        variables: clientVariablesOf(service, entryOf(service)),
      };
    }),
  };
});

/** Nothing is handed out while an administrator has stopped the agent, or everything. */
export async function requireNotFrozen(
  tx: Transaction,
  { vaultId }: OperationDeps,
  agent: AgentRow,
): Promise<void> {
  if ((await readFrozen(tx, vaultId)) !== undefined) {
    throw new Problem('frozen', {
      detail: 'The whole vault is frozen, as it is after a restore. To end that: doorward restore accept',
    });
  }
  if (agent.frozenAt !== null) {
    throw new Problem('frozen', {
      detail: `The agent ${agent.name} is frozen. An administrator can run: doorward agent unfreeze ${agent.name}`,
    });
  }
}

function toRecord(
  row: PlaceholderRow,
  names: { readonly agent: string; readonly service: string },
): PlaceholderRecord {
  const { id, createdAt, expiresAt } = row;
  return { id, ...names, createdAt: createdAt.toISOString(), expiresAt: expiresAt?.toISOString() ?? null };
}
