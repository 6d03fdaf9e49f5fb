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
import { backupCreate, restoreAccept } from './contracts/backups.ts';
import { callExplain } from './contracts/calls.ts';
import { grantCreate, grantList, grantRemove, grantShow, grantUpdate } from './contracts/grants.ts';
import {
  rotationDue,
  rotationPlan,
  secretDisable,
  secretEnable,
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
import { runEnd, runRenew, runStart } from './contracts/runs.ts';
import { secretCreate, secretDestroy, secretList, secretShow } from './contracts/secrets.ts';
import {
  serviceCreate,
  serviceList,
  serviceRemove,
  serviceShow,
  serviceUpdate,
} from './contracts/services.ts';
import { statusShow } from './contracts/status.ts';

export const CONTRACTS = [
  secretCreate,
  secretList,
  secretShow,
  secretDestroy,
  secretRotate,
  secretRollback,
  rotationPlan,
  secretVersions,
  secretDisable,
  secretEnable,
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
  grantRemove,
  accessRequestList,
  accessRequestShow,
  accessRequestGrant,
  accessRequestDeny,
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
  backupCreate,
  restoreAccept,
  statusShow,
] as const;
