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
import { grantCreate, grantList, grantRemove } from './contracts/grants.ts';
import { runEnd, runRenew, runStart } from './contracts/runs.ts';
import { secretCreate, secretDestroy, secretList, secretShow } from './contracts/secrets.ts';
import { serviceCreate, serviceList, serviceRemove, serviceShow } from './contracts/services.ts';
import { statusShow } from './contracts/status.ts';

export const CONTRACTS = [
  secretCreate,
  secretList,
  secretShow,
  secretDestroy,
  serviceCreate,
  serviceList,
  serviceShow,
  serviceRemove,
  agentCreate,
  agentList,
  agentShow,
  agentFreeze,
  agentUnfreeze,
  agentRemove,
  grantCreate,
  grantList,
  grantRemove,
  runStart,
  runRenew,
  runEnd,
  auditList,
  auditVerify,
  statusShow,
] as const;
