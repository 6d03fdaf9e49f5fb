// An audit log on a database of its own, with someone beside it whom no right stops.
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { Sql } from 'postgres';
import type { AuditInput } from '../../src/core/audit-event.ts';
import { newId } from '../../src/core/ids.ts';
import type { Id, IdSource } from '../../src/core/ids.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Database } from '../../src/store/database.ts';
import type { DatabaseOptions } from '../../src/store/database-options.ts';
import { openHeadFile } from '../../src/store/head-file.ts';
import { createAuditLog } from '../../src/vault/audit/audit-log.ts';
import type { AuditLog, AuditLogDeps } from '../../src/vault/audit/audit-log.ts';
import type { Alarm } from '../../src/vault/audit/chain-head.ts';
import { verifyAudit } from '../../src/vault/audit/verify.ts';
import type { AuditReport } from '../../src/vault/audit/verify.ts';
import type { TestDatabase } from '../support/database.ts';

export const ids: IdSource = {
  clock: { now: () => new Date(), monotonicMs: () => performance.now() },
  randomness: { bytes: (length) => randomBytes(length) },
};

export interface AuditWorld {
  readonly database: Database;
  readonly superuser: Sql;
  readonly vault: Id<'vlt'>;
  readonly macKey: Buffer;
  readonly headKey: KeyObject;
  readonly folder: string;
  readonly alarms: Alarm[];
  /** A log of another replica, or of this one started again, with the head file of this name. */
  start(file?: string, replica?: Id<'rep'>): Promise<AuditLog>;
  verify(file?: string): Promise<AuditReport>;
  close(): Promise<void>;
}

/** `via` may lead the log's connections another way than the superuser's. */
export async function createAuditWorld(
  engine: TestDatabase,
  via: (options: DatabaseOptions) => Promise<DatabaseOptions> = (options) => Promise.resolve(options),
): Promise<AuditWorld> {
  const created = await engine.create();
  const database = await openDatabase(await via(created.options));
  const superuser =
    created.superuserUrl === undefined
      ? database.adminSql
      : postgres(created.superuserUrl, { max: 2, onnotice: () => undefined });
  const folder = await mkdtemp(join(tmpdir(), 'doorward-heads-'));
  const macKey = randomBytes(32);
  const headKey = generateKeyPairSync('ed25519').privateKey;
  const installation = newId(ids, 'ins');
  const vault = newId(ids, 'vlt');
  await superuser`insert into vault (id, name, epoch, created_at) values (${vault}, 'main', 7, now())`;
  const alarms: Alarm[] = [];
  const headFile = (file: string) => openHeadFile(join(folder, file));
  return {
    database,
    superuser,
    vault,
    macKey,
    headKey,
    folder,
    alarms,
    start: (file = 'heads.json', replica = newId(ids, 'rep')) => {
      const onAlarm = (alarm: Alarm) => alarms.push(alarm);
      const files = { headFile: headFile(file), version: '0.0.0', onAlarm };
      const deps: AuditLogDeps = { database, macKey, headKey, ids, replica, installation, ...files };
      return createAuditLog(deps);
    },
    verify: (file = 'heads.json') => {
      const headPublicKey = createPublicKey(headKey);
      return verifyAudit({ database, macKey, headPublicKey, headFile: headFile(file) });
    },
    close: async () => {
      if (superuser !== database.adminSql) await superuser.end();
      await database.close();
      await created.drop();
      await rm(folder, { recursive: true });
    },
  };
}

const AGENT = { type: 'agent', id: newId(ids, 'agt'), name: 'mail-bot' } as const;

export function refusal(vault: Id<'vlt'>, rule = 'default deny'): AuditInput {
  return {
    kind: 'call.refused',
    vault,
    principal: AGENT,
    client: '192.0.2.7',
    service: 'mail',
    method: 'GET',
    path: '/v1/messages',
    problem: 'not-allowed',
    rule,
  };
}

export function intent(vault: Id<'vlt'>, run?: Id<'run'>): AuditInput {
  return {
    kind: 'call.intent',
    vault,
    principal: run === undefined ? AGENT : { ...AGENT, run },
    request: newId(ids, 'req'),
    service: { id: newId(ids, 'svc'), name: 'mail', revision: 1 },
    secret: { id: newId(ids, 'sec'), version: 2 },
    method: 'POST',
    path: '/v1/messages',
    queryKeys: ['dry'],
    body: { held: false },
    decision: { effect: 'allow', rule: 'POST /v1/**', grant: newId(ids, 'grt'), grantRevision: 1 },
    epoch: '7',
  };
}

type Outcome = Extract<AuditInput, { kind: 'call.outcome' }>;

export function outcome(vault: Id<'vlt'>, of: Id<'evt'>, result: Outcome['result'] = 'answered'): AuditInput {
  return {
    kind: 'call.outcome',
    vault,
    principal: AGENT,
    intent: of,
    result,
    requestBytes: 12,
    responseBytes: 345,
    totalMs: 6.25,
  };
}

/** The first chain of one lane of a log: the one it writes to where there is little to write. */
export function chainOf(log: AuditLog, lane: 'call' | 'admin'): Id<'chn'> {
  const [chain] = chainsOf(log, lane);
  if (chain === undefined) throw new Error(`the log has no ${lane} chain`);
  return chain;
}

/** The chains of one lane of a log. */
export function chainsOf(log: AuditLog, lane: 'call' | 'admin'): Id<'chn'>[] {
  const heads = Object.entries(log.heads()).filter(([, head]) => head.lane === lane);
  return heads.map(([chain]) => chain as Id<'chn'>);
}
