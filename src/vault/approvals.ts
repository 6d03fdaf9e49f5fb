// Questions that calls raise for a person, and their answers: asked once for the same call, good for one use, each row under a
// MAC. A row whose MAC is wrong counts as none, and raises an alarm.
import {
  approvalState,
  type ApprovedCall,
  callForm,
  endsAt,
  type Excerpt,
  inert,
  questionForm,
  type ShownCall,
  sortedRules,
} from '../core/approval.ts';
import { type Id, type IdSource, newId } from '../core/ids.ts';
import type { Direction } from '../core/inspection/finding.ts';
import type { AgentPrincipal } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import { addSeconds } from '../core/time.ts';
import {
  type ApprovalRow,
  approvalsOfCall,
  countPending,
  deleteApprovals,
  insertApproval,
  takeApprovals,
  updateApproval,
} from '../store/approvals.ts';
import type { Database } from '../store/database.ts';
import type { Queryable, Transaction } from '../store/transaction.ts';
import { lockVault } from '../store/vaults.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { keyedHash } from './keyed-hash.ts';
import type { Keyring } from './keyring.ts';
import { approvalMacColumns } from './mac-columns.ts';
import { type MacTable, rowMac, rowMacMatches } from './row-mac.ts';

export interface ApprovalsDeps {
  readonly database: Pick<Database, 'callTables'>;
  readonly audit: Pick<AuditLog, 'transaction'>;
  readonly ids: IdSource;
  readonly keyring: Keyring;
  readonly vaultId: Id<'vlt'>;
  /** A row whose MAC does not match was found and ignored. */
  readonly onAlarm: (table: MacTable, row: string) => void;
}

/** What became of a question, as far as it still counts. */
export interface Approval {
  readonly id: Id<'apr'>;
  readonly direction: Direction;
  /** Sorted. */
  readonly rules: readonly string[];
  readonly state: 'pending' | 'approved' | 'denied';
}

export interface Question {
  readonly call: ApprovedCall;
  /** As `digestOf` gives it. */
  readonly callDigest: Buffer;
  readonly direction: Direction;
  readonly rules: readonly string[];
  /** Filtered by whoever asks; made inert and cut here. */
  readonly shown: { readonly url: string; readonly excerpts: readonly Excerpt[] };
  readonly asking: {
    readonly principal: AgentPrincipal;
    readonly request: Id<'req'>;
    readonly client?: string | undefined;
  };
}

const MAX_PENDING = 20;
const MAX_EXCERPTS = 16;
const MAX_EXCERPT = 200;
const MAX_URL = 2048;
const MAX_ALARMED = 1000;
const KEPT_SECONDS = 30 * 86_400;

export class Approvals {
  readonly #deps: ApprovalsDeps;
  /** A call may be repeated a thousand times: each such row is told once. */
  readonly #alarmed = new Set<Id<'apr'>>();

  constructor(deps: ApprovalsDeps) {
    this.#deps = deps;
  }

  /** Keyed: nobody can try bodies against what is stored. */
  digestOf(call: ApprovedCall): Buffer {
    return keyedHash(this.#deps.keyring, ['approval call', callForm(call)]);
  }

  /** What still counts of everything asked about one call, newest first; of the same question only the newest. */
  async ofCall(callDigest: Buffer): Promise<readonly Approval[]> {
    return await this.#ofCall(this.#deps.database.callTables, callDigest);
  }

  /**
   * Puts the question, or gives the one there is: pending, or denied not long ago, or approved in the meantime. Throws
   * `too-many-pending`.
   */
  async ask(question: Question): Promise<Approval & { readonly isNew: boolean }> {
    const row = this.#rowOf(question);
    const { vaultId, audit, database } = this.#deps;
    // Looked at before a transaction is begun: who repeats a call again and again costs no more than a read.
    const before = await this.#findSame(database.callTables, row);
    if (before !== undefined) return { ...before, isNew: false };
    return await audit.transaction(async (tx, append) => {
      await lockVault(tx, vaultId); // of several at once, none may be a second row or one too many
      const same = await this.#findSame(tx, row);
      if (same !== undefined) return { ...same, isNew: false };
      await this.#requireRoom(tx, row);
      const { agentId, createdAt } = row;
      await deleteApprovals(tx, vaultId, { agentId, before: addSeconds(createdAt, -KEPT_SECONDS) });
      await insertApproval(tx, row);
      const { principal, request, client } = question.asking;
      await append({
        kind: 'approval.ask',
        vault: vaultId,
        principal,
        request,
        ...(client === undefined ? {} : { client }),
        target: { type: 'approval', id: row.id },
        after: loggedOf(row),
      });
      return { ...toApproval(row, 'pending'), isNew: true };
    });
  }

  /**
   * Uses them up, in the transaction that writes the intent of the one call they are good for. Throws `approval-required`,
   * upon which nothing is written, where one of them is no longer there to be used.
   */
  async consume(tx: Transaction, ids: readonly Id<'apr'>[]): Promise<void> {
    const { vaultId, ids: source, keyring } = this.#deps;
    const now = source.clock.now();
    const rows = await takeApprovals(tx, vaultId, ids);
    if (rows.length !== new Set(ids).size) throw usedUp();
    for (const row of rows) {
      if (!this.isGenuine(row) || approvalState(row, now) !== 'approved') throw usedUp(row.id);
      const used = { ...row, usedAt: now };
      const mac = rowMac(keyring, 'approval', approvalMacColumns(used));
      if (!(await updateApproval(tx, { ...used, mac }, row.mac))) throw usedUp(row.id);
    }
  }

  /** Writes a person's decision. The caller has looked at the row in this transaction, which has the vault's turn. */
  async decide(
    tx: Transaction,
    row: ApprovalRow,
    by: { readonly decision: 'approved' | 'denied'; readonly admin: Id<'adm'>; readonly now: Date },
  ): Promise<ApprovalRow> {
    const decided = { ...row, decision: by.decision, decidedBy: by.admin, decidedAt: by.now };
    const mac = rowMac(this.#deps.keyring, 'approval', approvalMacColumns(decided));
    const saved = { ...decided, mac };
    if (await updateApproval(tx, saved, row.mac)) return saved;
    throw new Problem('approval-decided', { detail: `The approval ${row.id} has just been decided.` });
  }

  /** Whether the row is one that Doorward wrote; raises an alarm where it is not. */
  isGenuine(row: ApprovalRow): boolean {
    if (rowMacMatches(this.#deps.keyring, 'approval', approvalMacColumns(row), row.mac)) return true;
    if (!this.#alarmed.has(row.id)) this.#deps.onAlarm('approval', row.id);
    if (this.#alarmed.size < MAX_ALARMED) this.#alarmed.add(row.id);
    return false;
  }

  async #ofCall(db: Queryable, callDigest: Buffer): Promise<Approval[]> {
    const { vaultId, ids } = this.#deps;
    const now = ids.clock.now();
    const seen = new Set<string>();
    const found: Approval[] = [];
    for (const row of await approvalsOfCall(db, vaultId, callDigest)) {
      const question = row.digest.toString('hex');
      if (seen.has(question) || !this.isGenuine(row)) continue;
      seen.add(question);
      const state = approvalState(row, now);
      const isOver = state === 'used' || state === 'lapsed' || endsAt(row) <= now;
      if (!isOver) found.push(toApproval(row, state));
    }
    return found;
  }

  async #findSame(
    db: Queryable,
    { callDigest, direction, rules }: ApprovalRow,
  ): Promise<Approval | undefined> {
    const wanted = rules.join('\n');
    const all = await this.#ofCall(db, callDigest);
    return all.find((one) => one.direction === direction && one.rules.join('\n') === wanted);
  }

  async #requireRoom(tx: Transaction, { agentId, createdAt: now }: ApprovalRow): Promise<void> {
    if ((await countPending(tx, this.#deps.vaultId, { agentId, now })) < MAX_PENDING) return;
    throw new Problem('too-many-pending', {
      detail: `This agent has ${MAX_PENDING} calls that wait for somebody’s approval. An administrator looks at them with: doorward approval list`,
    });
  }

  #rowOf({ call, callDigest, direction, rules, shown }: Question): ApprovalRow {
    const { ids, keyring, vaultId } = this.#deps;
    const sorted = sortedRules(rules);
    const row = {
      vaultId,
      id: newId(ids, 'apr'),
      agentId: call.agent.id,
      serviceId: call.service.id,
      direction,
      rules: sorted,
      callDigest,
      digest: keyedHash(keyring, ['approval question', questionForm(callDigest, direction, sorted)]),
      shown: toShown(call, shown),
      createdAt: ids.clock.now(),
      decidedAt: null,
      decision: null,
      decidedBy: null,
      usedAt: null,
    };
    return { ...row, mac: rowMac(keyring, 'approval', approvalMacColumns(row)) };
  }
}

/** What an event says of a question: never its text. */
export function loggedOf({ agentId, serviceId, direction, rules, shown }: ApprovalRow) {
  const { method, body } = shown;
  return {
    agent: agentId,
    service: serviceId,
    direction,
    rules: [...rules],
    method,
    bodyBytes: body.bytes,
    bodyHash: body.hash,
  };
}

function toApproval({ id, direction, rules }: ApprovalRow, state: Approval['state']): Approval {
  return { id, direction, rules, state };
}

function toShown({ method, body }: ApprovedCall, { url, excerpts }: Question['shown']): ShownCall {
  const told = inert(url, MAX_URL);
  return {
    method,
    url: told.text,
    isUrlCut: told.isCut,
    body: { hash: body.hash, bytes: body.bytes },
    excerpts: excerpts.slice(0, MAX_EXCERPTS).map(({ rule, text, isCut }) => {
      const shown = inert(text, MAX_EXCERPT);
      return { rule, text: shown.text, isCut: isCut || shown.isCut };
    }),
  };
}

function usedUp(id?: Id<'apr'>): Problem {
  return new Problem('approval-required', {
    detail:
      'The approval of this call was used by another one, or has ended. Nothing was sent. Repeat exactly this call to ask anew.',
    ...(id === undefined ? {} : { extensions: { approval: id } }),
  });
}
