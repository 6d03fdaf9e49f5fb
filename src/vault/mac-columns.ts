// Which columns of each row its MAC covers: all that decide something, and the revision.
import type { ApprovalRow } from '../store/approvals.ts';
import type { FingerprintRow } from '../store/fingerprints.ts';
import type { AgentRow, GrantRow, PlaceholderRow, RunRow, ServiceRow } from '../store/authority-rows.ts';

export function agentMacColumns(row: Omit<AgentRow, 'changedEpoch' | 'mac' | 'createdAt'>) {
  const { vaultId, id, name, keyHash, generation, revision, frozenAt, removedAt } = row;
  return { vaultId, id, name, keyHash, generation, revision, frozenAt, removedAt };
}

export function serviceMacColumns(row: Omit<ServiceRow, 'changedEpoch' | 'mac' | 'createdAt'>) {
  const { vaultId, id, name, origin, basePath, auth, secretId, keyEnv, baseUrlEnv, baseUrlSuffix } = row;
  const { graceRetry, catalogueId, headers, deny, refusalShape, listen, protection, revision, removedAt } =
    row;
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
    // A row from before these columns keeps its MAC.
    ...(graceRetry === 'any' ? {} : { graceRetry }),
    ...(catalogueId === null ? {} : { catalogueId }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(deny.length === 0 ? {} : { deny }),
    ...(refusalShape === null ? {} : { refusalShape }),
    ...(listen === null ? {} : { listen }),
    ...(Object.keys(protection).length === 0 ? {} : { protection }),
    revision,
    removedAt,
  };
}

export function grantMacColumns(row: Omit<GrantRow, 'changedEpoch' | 'mac' | 'createdAt'>) {
  const { vaultId, id, agentId, serviceId, allow, expiresAt, revision, removedAt } = row;
  const { constraints, frozenAt } = row;
  return {
    vaultId,
    id,
    agentId,
    serviceId,
    allow,
    expiresAt,
    // A row from before these columns keeps its MAC.
    ...(Object.keys(constraints).length === 0 ? {} : { constraints }),
    ...(frozenAt === null ? {} : { frozenAt }),
    revision,
    removedAt,
  };
}

/** Without the lease, which is renewed without a change of rights. */
export function runMacColumns(row: Omit<RunRow, 'changedEpoch' | 'mac' | 'leaseUntil' | 'leaseMs'>) {
  const { vaultId, id, agentId, placeholderHash, startedAt, endedAt } = row;
  return { vaultId, id, agentId, placeholderHash, startedAt, endedAt };
}

export function placeholderMacColumns(row: Omit<PlaceholderRow, 'changedEpoch' | 'mac'>) {
  const { vaultId, id, agentId, serviceId, runId, hash, createdAt, expiresAt, removedAt } = row;
  return { vaultId, id, agentId, serviceId, runId, hash, createdAt, expiresAt, removedAt };
}

export function fingerprintMacColumns(row: Omit<FingerprintRow, 'changedEpoch' | 'mac' | 'createdAt'>) {
  const { vaultId, versionId, secretId, isDecoy, record, removedAt } = row;
  return { vaultId, versionId, secretId, isDecoy, record, removedAt };
}

export function approvalMacColumns(row: Omit<ApprovalRow, 'mac'>) {
  const { vaultId, id, agentId, serviceId, direction, rules, callDigest, digest, shown } = row;
  const { createdAt, decidedAt, decision, decidedBy, usedAt } = row;
  return {
    vaultId,
    id,
    agentId,
    serviceId,
    direction,
    rules,
    callDigest,
    digest,
    shown,
    createdAt,
    decidedAt,
    decision,
    decidedBy,
    usedAt,
  };
}
