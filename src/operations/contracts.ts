// The table of administrative operations, as seen from outside.
import {
  agentCreate,
  agentFreeze,
  agentList,
  agentRemove,
  agentShow,
  agentUnfreeze,
} from './contracts/agents.ts';
import { auditList, auditVerify } from './contracts/audit.ts';
import { backupCreate, restoreAccept } from './contracts/backups.ts';
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
  grantCreate,
  grantList,
  grantShow,
  grantUpdate,
  grantRemove,
  runStart,
  runRenew,
  runEnd,
  auditList,
  auditVerify,
  backupCreate,
  restoreAccept,
  statusShow,
] as const;
