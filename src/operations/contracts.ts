// The table of administrative operations, as seen from outside.
import {
  accessRequestDeny,
  accessRequestGrant,
  accessRequestList,
  accessRequestShow,
} from './contracts/access-requests.ts';
import {
  agentCreate,
  agentFreeze,
  agentList,
  agentRemove,
  agentRevoke,
  agentShow,
  agentUnfreeze,
} from './contracts/agents.ts';
import { auditList, auditVerify } from './contracts/audit.ts';
import { approvalApprove, approvalDeny, approvalList, approvalShow } from './contracts/approvals.ts';
import { backupCreate, restoreAccept } from './contracts/backups.ts';
import { callDecide, callExplain } from './contracts/calls.ts';
import {
  grantCreate,
  grantFreeze,
  grantList,
  grantRemove,
  grantShow,
  grantUnfreeze,
  grantUpdate,
} from './contracts/grants.ts';
import {
  rotationDue,
  rotationPlan,
  secretDisable,
  secretEnable,
  versionDestroy,
  secretRollback,
  secretRotate,
  secretVersions,
} from './contracts/rotations.ts';
import {
  agentServices,
  placeholderCreate,
  placeholderList,
  placeholderRevoke,
} from './contracts/placeholders.ts';
import { grantTighten, policyReplay } from './contracts/replays.ts';
import { runEnd, runRenew, runStart } from './contracts/runs.ts';
import { decoyCreate, secretCreate, secretDestroy, secretList, secretShow } from './contracts/secrets.ts';
import {
  serviceCreate,
  serviceList,
  serviceRemove,
  serviceShow,
  serviceUpdate,
} from './contracts/services.ts';
import { secretGuessable } from './contracts/guessable-secrets.ts';
import { statusShow } from './contracts/status.ts';

export const CONTRACTS = [
  secretCreate,
  decoyCreate,
  secretList,
  secretShow,
  secretDestroy,
  secretRotate,
  secretRollback,
  rotationPlan,
  secretVersions,
  secretDisable,
  secretEnable,
  versionDestroy,
  rotationDue,
  serviceCreate,
  serviceList,
  serviceShow,
  serviceUpdate,
  serviceRemove,
  agentCreate,
  agentList,
  agentShow,
  agentFreeze,
  agentUnfreeze,
  agentRemove,
  agentRevoke,
  grantCreate,
  grantList,
  grantShow,
  grantUpdate,
  grantFreeze,
  grantUnfreeze,
  grantRemove,
  accessRequestList,
  accessRequestShow,
  accessRequestGrant,
  accessRequestDeny,
  approvalList,
  approvalShow,
  approvalApprove,
  approvalDeny,
  agentServices,
  placeholderCreate,
  placeholderList,
  placeholderRevoke,
  runStart,
  runRenew,
  runEnd,
  auditList,
  auditVerify,
  callExplain,
  callDecide,
  grantTighten,
  policyReplay,
  backupCreate,
  restoreAccept,
  statusShow,
  secretGuessable,
] as const;
