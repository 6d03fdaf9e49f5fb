// The audit log of one process: its chains (of calls and of administration), the head file beside the database, and what is
// told to other replicas.
import type { KeyObject } from 'node:crypto';
import type { AuditInput } from '../../core/audit-event.ts';
import { newId } from '../../core/ids.ts';
import type { Id, IdSource } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import { sightChains } from '../../store/audit-events.ts';
import type { Database } from '../../store/database.ts';
import type { HeadFile } from '../../store/head-file.ts';
import { AdminLane } from './admin-lane.ts';
import type { Work } from './admin-lane.ts';
import type { Appended } from './batch-writer.ts';
import { CallLane } from './call-lane.ts';

import type { Lane } from './chain.ts';
import { ChainHead } from './chain-head.ts';
import type { Alarm } from './chain-head.ts';
import { createDrafter } from './draft.ts';
import { FailedAuthentications } from './failed-authentications.ts';
import { HeadKeeper, readHeadFile } from './heads.ts';
import type { ChainRecord, HeadRecord } from './heads.ts';
import { parsePeerHead, toPeerHead } from './peer-heads.ts';
import type { PeerHead } from './peer-heads.ts';

export interface AuditLog {
  /**
   * Call lane. Resolves when the row is committed; throws `audit-unavailable` when it may not have been, and
   * `already-exists` for an intent's second outcome. Nothing is dropped: under pressure it waits.
   */
  append(event: AuditInput): Promise<Appended>;
  /**
   * Admin lane. Runs `work` in one database transaction, one at a time; `append` writes in that transaction (not in
   * a savepoint of it that may be rolled back alone). When it returns, the change and its events survive a power
   * cut and the head file knows them.
   */
  transaction<T>(work: Work<T>): Promise<T>;
  /** Events of the call lane that wait for their batch. */
  readonly queued: number;
  /** Counted per peer prefix and reason; one event per ten seconds. */
  noteFailedAuthentication(peer: string, reason: string): void;
  /** Throws `audit-unavailable` while nothing can be recorded: the head file or the rows could not be written, and still can not. */
  requireWritable(): Promise<void>;
  /** For `replica.audit_heads`. */
  heads(): Record<string, PeerHead>;
  /** Takes what another replica put into `replica.audit_heads`. */
  observePeerHeads(heads: Readonly<Record<string, unknown>>): void;
  /** Writes what is waiting, closes the chains and writes the head file. */
  close(): Promise<void>;
}

export interface AuditLogDeps {
  readonly database: Database;
  readonly macKey: Buffer;
  /** Ed25519, private. */
  readonly headKey: KeyObject;
  readonly ids: IdSource;
  readonly replica: Id<'rep'>;
  readonly installation: Id<'ins'>;
  readonly headFile: HeadFile;
  readonly version: string;
  /** Private ranges that upstreams may be in. */
  readonly allowedRanges?: readonly string[];
  readonly onAlarm?: (alarm: Alarm) => void;
}

const SYSTEM = { vault: null, principal: { type: 'system' } } as const;
const NO_CHANGE_ACCEPTED =
  'The change was made, but could not be made to survive a power cut; no further change is accepted until it can.';

/** Opens this process's chains, each naming the chain before it of the same data directory. */
export async function createAuditLog(deps: AuditLogDeps): Promise<AuditLog> {
  const previous = await readPrevious(deps);
  const log = new Chains(deps, previous);
  await log.open();
  return log;
}

/** The head file as it is at the start, brought up to the database, and what is amiss. */
interface Previous {
  readonly record: HeadRecord | undefined;
  readonly chains: HeadRecord['chains'];
  readonly alarms: readonly Alarm[];
}

async function readPrevious(deps: AuditLogDeps): Promise<Previous> {
  const { headFile, headKey, installation } = deps;
  const record = await readHeadFile(headFile, headKey, installation).catch((error: unknown) => {
    throw new Problem('audit-unavailable', {
      detail: `The audit head file ${headFile.path} is not this installation's own. Find out why; to start without it, move it away.`,
      cause: error,
    });
  });
  if (record === undefined) return { record, chains: {}, alarms: [] };
  const chains: Record<string, ChainRecord> = { ...record.chains };
  const alarms: Alarm[] = [];
  const places = Object.entries(chains).map(([chain, { seq }]) => ({ chain, seq }));
  const own: readonly string[] = Object.values(record.lanes);
  for (const { chain, mac, end } of await sightChains(deps.database.adminSql, places)) {
    const known = chains[chain];
    if (known === undefined) continue;
    if (mac !== known.mac) {
      const reason = 'the database no longer has the event that the head file names';
      alarms.push({ table: 'audit_event', row: `${chain}:${known.seq}`, reason });
    } else if (end !== undefined && own.includes(chain)) {
      // The process before this one may have died within the second that the file may be behind.
      chains[chain] = { lane: known.lane, seq: end.seq, mac: end.mac };
    }
  }
  return { record, chains, alarms };
}

class Chains implements AuditLog {
  readonly #deps: AuditLogDeps;
  readonly #previous: Previous;
  readonly #callChains: readonly ChainHead[];
  readonly #adminChain: ChainHead;
  readonly #calls: CallLane;
  readonly #admin: AdminLane;
  readonly #keeper: HeadKeeper;
  readonly #failures: FailedAuthentications;
  #closing: Promise<void> | undefined;

  constructor(deps: AuditLogDeps, previous: Previous) {
    const { database, headFile: file, headKey: key, ids, macKey, replica, installation } = deps;
    this.#deps = deps;
    this.#previous = previous;
    const openChain = (lane: Lane) =>
      new ChainHead(newId(ids, 'chn'), lane, macKey, (alarm) => this.#alarm(alarm, lane));
    // The embedded database has one connection, and so nothing to gain from a second batch on its way.
    const callChains: readonly [ChainHead, ...ChainHead[]] =
      database.kind === 'postgres' ? [openChain('call'), openChain('call')] : [openChain('call')];
    this.#callChains = callChains;
    this.#adminChain = openChain('admin');
    const onFailure = (error: unknown) => {
      const reason = `the head file can not be written: ${error instanceof Error ? error.message : 'unknown'}`;
      deps.onAlarm?.({ table: 'head-file', row: file.path, reason });
    };
    const [first, second] = callChains;
    const lanes = {
      call: first.chain,
      ...(second === undefined ? {} : { secondCall: second.chain }),
      admin: this.#adminChain.chain,
    };
    this.#keeper = new HeadKeeper(
      { file, key, database, onFailure },
      { installation, replica, lanes },
      previous.chains,
    );
    const draft = createDrafter(ids, replica);
    this.#calls = new CallLane({
      database,
      chains: callChains,
      draft,
      beforeBatch: () => (this.#keeper.isWritten ? undefined : this.#keeper.requireWritten()),
      afterBatch: (chain) => this.#afterBatch(chain),
    });
    this.#admin = new AdminLane({
      database,
      chain: this.#adminChain,
      draft,
      before: () => this.#keeper.requireWritten(),
      committed: () => this.#keeper.set(this.#adminChain.chain, 'admin', this.#adminChain.head),
      after: () => this.#afterTransaction(),
    });
    const append = (event: AuditInput) => this.#calls.append(event);
    this.#failures = new FailedAuthentications({ clock: ids.clock, append });
  }

  async open(): Promise<void> {
    const { database, version, allowedRanges: ranges = [], onAlarm } = this.#deps;
    const { alarms } = this.#previous;
    await this.#calls.appendToEach((chain) =>
      this.#chainOpen('call', chain === this.#callChains[0] ? 'call' : 'secondCall'),
    );
    await this.#admin.transaction(async (_, append) => {
      await append(this.#chainOpen('admin', 'admin'));
      const allowed = ranges.length === 0 ? {} : { allowedRanges: ranges.slice(0, 256) };
      await append({ kind: 'server.start', ...SYSTEM, version, database: database.kind, ...allowed });
      for (const alarm of alarms) await append({ kind: 'integrity.alarm', ...SYSTEM, ...alarm });
    });
    for (const alarm of alarms) onAlarm?.(alarm);
  }

  #chainOpen(lane: Lane, place: keyof HeadRecord['lanes']): AuditInput {
    const chain = this.#previous.record?.lanes[place];
    const end = chain && this.#previous.chains[chain];
    const predecessor = chain && end ? { chain, seq: end.seq, mac: end.mac } : null;
    return { kind: 'chain.open', ...SYSTEM, lane, predecessor };
  }

  append(event: AuditInput): Promise<Appended> {
    if (this.#closing !== undefined) return Promise.reject(new Problem('draining'));
    return this.#calls.append(event);
  }

  async transaction<T>(work: Work<T>): Promise<T> {
    this.#requireOpen();
    return this.#admin.transaction(work);
  }

  noteFailedAuthentication(peer: string, reason: string): void {
    this.#failures.note(peer, reason);
  }

  get queued(): number {
    return this.#calls.queued;
  }

  async requireWritable(): Promise<void> {
    await this.#keeper.requireWritten();
    await this.#calls.requireRoom();
  }

  heads(): Record<string, PeerHead> {
    const heads: Record<string, PeerHead> = {};
    for (const { chain, lane, head } of [...this.#callChains, this.#adminChain]) {
      if (head.seq > 0) heads[chain] = toPeerHead(this.#deps.macKey, chain, lane, head);
    }
    return heads;
  }

  observePeerHeads(heads: Readonly<Record<string, unknown>>): void {
    for (const [chain, value] of Object.entries(heads)) {
      const head = parsePeerHead(this.#deps.macKey, chain, value);
      if (head === undefined) {
        const reason = 'a head that no replica of this installation wrote';
        this.#deps.onAlarm?.({ table: 'replica', row: chain.slice(0, 64), reason });
        continue;
      }
      const id = chain as Id<'chn'>; // parsePeerHead looked at it
      if (head.seq <= (this.#keeper.find(id)?.seq ?? 0)) continue;
      this.#keeper.set(id, head.lane, head);
      this.#keeper.writeSoon();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#failures.flush();
    await this.#calls.appendToEach(() => ({ kind: 'chain.close', ...SYSTEM }));
    await this.#admin.transaction(async (_, append) => {
      await append({ kind: 'server.stop', ...SYSTEM });
      await append({ kind: 'chain.close', ...SYSTEM });
    });
    await this.#calls.drain();
    await this.#keeper.write({ complete: true });
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw new Problem('draining');
  }

  #afterBatch(chain: ChainHead): void {
    this.#keeper.set(chain.chain, 'call', chain.head);
    // The file names all of its writer's chains, so it is written only once all are open.
    if (this.#adminChain.head.seq > 0) this.#keeper.writeSoon();
  }

  async #afterTransaction(): Promise<void> {
    try {
      await this.#keeper.write({ complete: true });
    } catch (error) {
      throw new Problem('audit-unavailable', { detail: NO_CHANGE_ACCEPTED, cause: error });
    }
  }

  /** A chain that is not as it was left is reported on the other one. */
  #alarm(alarm: Alarm, lane: Lane): void {
    this.#deps.onAlarm?.(alarm);
    const event: AuditInput = { kind: 'integrity.alarm', ...SYSTEM, ...alarm };
    const written =
      lane === 'call' ? this.#admin.transaction((_, append) => append(event)) : this.#calls.append(event);
    written.catch((error: unknown) => {
      const reason = `the alarm could not be written: ${error instanceof Error ? error.message : 'unknown'}`;
      this.#deps.onAlarm?.({ ...alarm, reason });
    });
  }
}
