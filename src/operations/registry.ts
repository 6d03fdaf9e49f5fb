// Every administrative operation, one line each. HTTP routes come from here; the CLI and the docs from the contracts.
import { createAgent, freezeAgent, listAgent, removeAgent, showAgent, unfreezeAgent } from './agents.ts';
import { listAudit, verifyAuditLog } from './audit.ts';
import { createGrant, listGrant, takeBackGrant } from './grants.ts';
import type { Operation } from './operation.ts';
import { endRun, renewRun, startRun } from './runs.ts';
import { createSecret, destroySecretForEver, listSecret, showSecret } from './secrets.ts';
import { createService, listService, removeService, showService } from './services.ts';
import { showStatus } from './status.ts';

export const OPERATIONS: readonly Operation[] = [
  createSecret,
  listSecret,
  showSecret,
  destroySecretForEver,
  createService,
  listService,
  showService,
  removeService,
  createAgent,
  listAgent,
  showAgent,
  freezeAgent,
  unfreezeAgent,
  removeAgent,
  createGrant,
  listGrant,
  takeBackGrant,
  startRun,
  renewRun,
  endRun,
  listAudit,
  verifyAuditLog,
  showStatus,
];
