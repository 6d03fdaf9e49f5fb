// Which columns of each row its MAC covers: all that decide something, and the revision.
import type { AgentRow, GrantRow, RunRow, ServiceRow } from '../store/authority-rows.ts';

export function agentMacColumns(row: Omit<AgentRow, 'changedEpoch' | 'mac' | 'createdAt'>) {
  const { vaultId, id, name, keyHash, generation, revision, frozenAt, removedAt } = row;
  return { vaultId, id, name, keyHash, generation, revision, frozenAt, removedAt };
}

export function serviceMacColumns(row: Omit<ServiceRow, 'changedEpoch' | 'mac' | 'createdAt'>) {
  const { vaultId, id, name, origin, basePath, auth, secretId, keyEnv, baseUrlEnv, baseUrlSuffix } = row;
  const { graceRetry, revision, removedAt } = row;
  return {
    vaultId,
    id,
    name,
    origin,
    basePath,
    auth,
    secretId,
    keyEnv,
    baseUrlEnv,
    baseUrlSuffix,
    ...(graceRetry === 'any' ? {} : { graceRetry }), // a row from before this column keeps its MAC
    revision,
    removedAt,
  };
}

export function grantMacColumns(row: Omit<GrantRow, 'changedEpoch' | 'mac' | 'createdAt'>) {
  const { vaultId, id, agentId, serviceId, allow, expiresAt, revision, removedAt } = row;
  return { vaultId, id, agentId, serviceId, allow, expiresAt, revision, removedAt };
}

/** Without the lease, which is renewed without a change of rights. */
export function runMacColumns(row: Omit<RunRow, 'changedEpoch' | 'mac' | 'leaseUntil' | 'leaseMs'>) {
  const { vaultId, id, agentId, placeholderHash, startedAt, endedAt } = row;
  return { vaultId, id, agentId, placeholderHash, startedAt, endedAt };
}
