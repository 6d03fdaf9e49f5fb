// Every administrative operation, one line each. HTTP routes come from here; the CLI and the docs from the contracts.
import { createAgent, freezeAgent, listAgent, removeAgent, showAgent, unfreezeAgent } from './agents.ts';
import { listAudit, verifyAuditLog } from './audit.ts';
import { acceptRestore, createBackup } from './backups.ts';
import { createGrant, listGrant, showGrant, takeBackGrant, updateGrant } from './grants.ts';
import type { Operation } from './operation.ts';
import { listDueSecrets, planRotation, rollBackSecret, rotateSecret } from './rotations.ts';
import { endRun, renewRun, startRun } from './runs.ts';
import { disableSecret, enableSecret, listSecretVersions } from './secret-versions.ts';
import { createSecret, destroySecretForEver, listSecret, showSecret } from './secrets.ts';
import { createService, listService, removeService, showService } from './services.ts';
import { updateService } from './service-update.ts';
import { showStatus } from './status.ts';

export const OPERATIONS: readonly Operation[] = [
  createSecret,
  listSecret,
  showSecret,
  destroySecretForEver,
  rotateSecret,
  rollBackSecret,
  planRotation,
  listSecretVersions,
  disableSecret,
  enableSecret,
  listDueSecrets,
  createService,
  listService,
  showService,
  updateService,
  removeService,
  createAgent,
  listAgent,
  showAgent,
  freezeAgent,
  unfreezeAgent,
  removeAgent,
  createGrant,
  listGrant,
  showGrant,
  updateGrant,
  takeBackGrant,
  startRun,
  renewRun,
  endRun,
  listAudit,
  verifyAuditLog,
  createBackup,
  acceptRestore,
  showStatus,
];
