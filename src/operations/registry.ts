// Every administrative operation, one line each. HTTP routes come from here; the CLI and the docs from the contracts.
import {
  denyAccessRequest,
  grantAccessRequest,
  listAccessRequest,
  showAccessRequest,
} from './access-requests.ts';
import { createAgent, freezeAgent, listAgent, removeAgent, showAgent, unfreezeAgent } from './agents.ts';
import { revokeAgent } from './agent-revoke.ts';
import { approveApproval, denyApproval, listApproval, showApproval } from './approvals.ts';
import { listAudit, verifyAuditLog } from './audit.ts';
import { acceptRestore, createBackup } from './backups.ts';
import { decideCall } from './decide-call.ts';
import { explainCall } from './explain-call.ts';
import { freezeGrant, unfreezeGrant } from './grant-freeze.ts';
import { createGrant, listGrant, showGrant, takeBackGrant, updateGrant } from './grants.ts';
import { tightenGrant } from './grant-tighten.ts';
import type { Operation } from './operation.ts';
import {
  createPlaceholderOf,
  listAgentServices,
  listPlaceholder,
  revokePlaceholder,
} from './placeholders.ts';
import { replayPolicy } from './policy-replay.ts';
import { listDueSecrets, planRotation, rollBackSecret, rotateSecret } from './rotations.ts';
import { endRun, renewRun, startRun } from './runs.ts';
import { destroyVersion } from './destroy-version.ts';
import { disableSecret, enableSecret, listSecretVersions } from './secret-versions.ts';
import { createDecoy } from './decoys.ts';
import { createSecret, destroySecretForEver, listSecret, showSecret } from './secrets.ts';
import { createService, listService, removeService, showService } from './services.ts';
import { updateService } from './service-update.ts';
import { listGuessable } from './guessable-secrets.ts';
import { showStatus } from './status.ts';

export const OPERATIONS: readonly Operation[] = [
  createSecret,
  createDecoy,
  listSecret,
  showSecret,
  destroySecretForEver,
  rotateSecret,
  rollBackSecret,
  planRotation,
  listSecretVersions,
  disableSecret,
  enableSecret,
  destroyVersion,
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
  revokeAgent,
  createGrant,
  listGrant,
  showGrant,
  updateGrant,
  freezeGrant,
  unfreezeGrant,
  takeBackGrant,
  listAccessRequest,
  showAccessRequest,
  grantAccessRequest,
  denyAccessRequest,
  listApproval,
  showApproval,
  approveApproval,
  denyApproval,
  listAgentServices,
  createPlaceholderOf,
  listPlaceholder,
  revokePlaceholder,
  startRun,
  renewRun,
  endRun,
  listAudit,
  verifyAuditLog,
  explainCall,
  decideCall,
  tightenGrant,
  replayPolicy,
  createBackup,
  acceptRestore,
  showStatus,
  listGuessable,
];
