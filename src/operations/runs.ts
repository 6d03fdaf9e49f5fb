// Runs: started for an agent, kept alive while its process lives, ended with it.
import type { Id } from '../core/ids.ts';
import { newId } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { createOpaqueToken } from '../crypto/opaque-token.ts';
import { insertPlaceholders } from '../store/placeholders.ts';
import type { RunRow } from '../store/runs.ts';
import { extendLease, findRun, insertRun, updateEndedRun } from '../store/runs.ts';
import type { Queryable } from '../store/transaction.ts';
import { countRunCalls } from '../vault/audit/read.ts';
import { genuineServicesOfAgent } from '../vault/genuine-services.ts';
import { runMacColumns } from '../vault/mac-columns.ts';
import { removePlaceholdersOf } from '../vault/placeholders.ts';
import { rowMac } from '../vault/row-mac.ts';
import { requireAgent } from './agents.ts';
import { clientVariablesOf } from './client-variables.ts';
import { runEnd, runRenew, runStart } from './contracts/runs.ts';
import { entryOf, mintPlaceholder } from './mint-placeholder.ts';
import { changing, type OperationDeps, reading } from './operation.ts';
import { requireNotFrozen } from './placeholders.ts';

/** How long a run outlives a `doorward run` that was killed. */
const LEASE_SECONDS = 15;
const RENEW_EVERY_SECONDS = 5;

export const startRun = changing(runStart, async (change, input) => {
  const { deps, tx, now, changedEpoch } = change;
  const { vaultId } = deps;
  const agent = await requireAgent(tx, deps, input.agent);
  await requireNotFrozen(tx, deps, agent);
  const placeholder = createOpaqueToken('run', deps.ids.randomness);
  const columns = {
    vaultId,
    id: newId(deps.ids, 'run'),
    agentId: agent.id,
    placeholderHash: deps.tokens.hash(placeholder),
    startedAt: now,
    endedAt: null,
  };
  const mac = rowMac(deps.keyring, 'run', runMacColumns(columns));
  const leaseUntil = await insertRun(tx, { ...columns, mac, changedEpoch }, LEASE_SECONDS);
  const services = await genuineServicesOfAgent(tx, deps, agent.id);
  const minted = services.map((service) => ({
    service,
    ...mintPlaceholder(change, { agentId: agent.id, service, runId: columns.id }),
  }));
  await insertPlaceholders(
    tx,
    minted.map(({ row }) => row),
  );
  return {
    output: {
      run: columns.id,
      agent: agent.name,
      placeholder,
      leaseUntil: leaseUntil.toISOString(),
      renewEverySeconds: RENEW_EVERY_SECONDS,
      services: minted.map(({ service, text }) => ({
        name: service.name,
        path: `/call/${service.name}`,
        url: deps.addresses.addressOf(service) ?? null,
        placeholder: text,
        variables: clientVariablesOf(service, entryOf(service)),
      })),
    },
    target: { type: 'run', id: columns.id, name: agent.name },
    after: { agent: agent.id },
  };
});

/** A renewal changes no right and is no event: the lease is the only thing it touches. */
export const renewRun = reading(runRenew, async (deps, { run }) => {
  const leaseUntil = await extendLease(deps.database.admin, deps.vaultId, {
    id: run,
    leaseSeconds: LEASE_SECONDS,
  });
  if (leaseUntil === undefined) {
    await requireRun(deps.database.admin, deps, run);
    throw new Problem('not-found', { detail: `The run ${run} has ended.` });
  }
  return { run, leaseUntil: leaseUntil.toISOString() };
});

export const endRun = changing(runEnd, async ({ deps, tx, now, changedEpoch }, { run: id }) => {
  const row = await requireRun(tx, deps, id);
  const endedAt = row.endedAt ?? now;
  const mac = rowMac(deps.keyring, 'run', runMacColumns({ ...row, endedAt }));
  await updateEndedRun(tx, row, { endedAt, mac, changedEpoch });
  const ending = { keyring: deps.keyring, removedAt: now, changedEpoch };
  await removePlaceholdersOf(tx, { vaultId: deps.vaultId, runId: id }, ending);
  return {
    output: async () => ({ run: id, ...(await countRunCalls(deps, id, row.startedAt)) }),
    target: { type: 'run', id },
  };
});

async function requireRun(db: Queryable, deps: OperationDeps, id: Id<'run'>): Promise<RunRow> {
  const row = await findRun(db, deps.vaultId, id);
  if (row === undefined) throw new Problem('not-found', { detail: `There is no run ${id}.` });
  return row;
}
