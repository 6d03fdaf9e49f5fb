// The vault in memory as decisions need it: loaded in one snapshot, kept current by deltas, each row checked against its MAC.
// A row that fails its check is as good as removed, and raises an alarm. Rows and epoch change in one synchronous step.
import { parsePattern } from '../core/address-pattern.ts';
import { Constraints } from '../core/constraints.ts';
import type { Agent, Grant, Placeholder, Run, Secret, Service } from '../core/entities.ts';
import type { FingerprintTable } from '../core/fingerprints/table.ts';
import type { Id } from '../core/ids.ts';
import { protectionSettings } from '../core/protection/protection.ts';
import type { Clock } from '../core/time.ts';
import {
  type AgentRow,
  type AuthorityRows,
  type GrantRow,
  type PlaceholderRow,
  readAuthority,
  readRunLease,
  type RunRow,
  type ServiceRow,
  type VersionRow,
} from '../store/authority-rows.ts';
import type { Database } from '../store/database.ts';
import type { FingerprintRow } from '../store/fingerprints.ts';
import { createFingerprintTable, openFingerprints } from './fingerprints.ts';
import type { Keyring } from './keyring.ts';
import {
  agentMacColumns,
  fingerprintMacColumns,
  grantMacColumns,
  placeholderMacColumns,
  runMacColumns,
  serviceMacColumns,
} from './mac-columns.ts';
import { type MacTable, rowMacMatches } from './row-mac.ts';
import { withinMs } from './time-limit.ts';

export interface AuthorityDeps {
  readonly database: Pick<Database, 'calls' | 'callTables'>;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly vaultId: Id<'vlt'>;
  /** A row whose MAC does not match was found and ignored. */
  readonly onAlarm: (table: MacTable, row: string) => void;
}

interface RunEntry {
  readonly run: Run;
  /** Monotonic milliseconds at which the known lease ends. */
  leaseUntilMs: number;
}

interface MacRow {
  readonly id: string;
  readonly mac: Buffer;
}

/** For what has changed. A load that hangs must not keep others from taking another connection. */
const LOAD_LIMIT_MS = 2000;
const FIRST_LOAD_LIMIT_MS = 60_000;

const NO_CONSTRAINTS: Constraints = {};

export class Authority {
  readonly vaultId: Id<'vlt'>;
  readonly #deps: AuthorityDeps;
  readonly #agents = new Map<string, Agent>();
  readonly #agentIds = new Map<string, Id<'agt'>>();
  readonly #services = new Map<string, Service>();
  readonly #serviceIds = new Map<string, Id<'svc'>>();
  /** By agent, then by service. */
  readonly #grants = new Map<string, Map<string, Grant>>();
  readonly #secrets = new Map<string, Secret>();
  readonly #secretIds = new Map<string, Id<'sec'>>();
  /** By secret, then by version. */
  readonly #versions = new Map<string, Map<string, VersionRow>>();
  readonly #runs = new Map<string, RunEntry>();
  readonly #runsById = new Map<string, Run>();
  readonly #placeholders = new Map<string, Placeholder>();
  readonly #fingerprints: FingerprintTable;
  readonly #onChange = new Set<() => void>();
  #epoch: bigint | undefined;
  #frozen: AuthorityRows['frozen'];
  #syncing: Promise<void> | undefined;

  constructor(deps: AuthorityDeps) {
    this.#deps = deps;
    this.vaultId = deps.vaultId;
    this.#fingerprints = createFingerprintTable(deps.keyring);
  }

  /** The vault's epoch that memory stands at; -1 before the first load. */
  get epoch(): bigint {
    return this.#epoch ?? -1n;
  }

  /** Since when the whole vault is frozen, and why: then nothing is issued and nothing is called. */
  get frozen(): AuthorityRows['frozen'] {
    return this.#frozen;
  }

  get counts() {
    return {
      secrets: this.#secrets.size,
      services: this.#services.size,
      agents: this.#agents.size,
      grants: [...this.#grants.values()].reduce((sum, { size }) => sum + size, 0),
      runs: this.#runs.size,
    };
  }

  agent(id: string): Agent | undefined {
    return this.#agents.get(id);
  }

  agentByName(name: string): Agent | undefined {
    return this.#agents.get(this.#agentIds.get(name) ?? '');
  }

  service(id: string): Service | undefined {
    return this.#services.get(id);
  }

  serviceByName(name: string): Service | undefined {
    return this.#services.get(this.#serviceIds.get(name) ?? '');
  }

  /** Every live service. */
  services(): readonly Service[] {
    return [...this.#services.values()];
  }

  grant(agent: Id<'agt'>, service: Id<'svc'>): Grant | undefined {
    return this.#grants.get(agent)?.get(service);
  }

  grantsOf(agent: Id<'agt'>): readonly Grant[] {
    return [...(this.#grants.get(agent)?.values() ?? [])];
  }

  secret(id: string): Secret | undefined {
    return this.#secrets.get(id);
  }

  secretByName(name: string): Secret | undefined {
    return this.#secrets.get(this.#secretIds.get(name) ?? '');
  }

  /** Every live service that sends this secret: its binding is made from them. */
  servicesOf(secret: Id<'sec'>): readonly Service[] {
    return [...this.#services.values()].filter((service) => service.secretId === secret);
  }

  run(placeholderHash: Buffer): Run | undefined {
    return this.#runs.get(placeholderHash.toString('hex'))?.run;
  }

  runById(id: Id<'run'>): Run | undefined {
    return this.#runsById.get(id);
  }

  /** One that was not removed; it may have expired, and its run, agent or service be gone. */
  placeholder(hash: Buffer): Placeholder | undefined {
    return this.#placeholders.get(hash.toString('hex'));
  }

  /** False: looking for one would be in vain. */
  get hasPlaceholders(): boolean {
    return this.#placeholders.size > 0;
  }

  /** Of every live value. */
  get fingerprints(): FingerprintTable {
    return this.#fingerprints;
  }

  /** Whether the run still lives: from memory while the known lease runs, else asked once of the database. */
  async runIsAlive(run: Run): Promise<boolean> {
    const entry = this.#runs.get(run.placeholderHash.toString('hex'));
    if (entry === undefined) return false;
    const now = this.#deps.clock.monotonicMs();
    if (entry.leaseUntilMs > now) return true;
    const leaseMs = await readRunLease(this.#deps.database.calls, this.vaultId, run.id);
    if (leaseMs === undefined || leaseMs <= 0) return false;
    entry.leaseUntilMs = now + leaseMs;
    return true;
  }

  /** Called after each change of memory, synchronously; returns how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#onChange.add(listener);
    return () => this.#onChange.delete(listener);
  }

  /** Brings memory to the database's present epoch. A call during a load waits for one that starts after it. */
  async sync(): Promise<void> {
    const running = this.#syncing;
    if (running !== undefined) await running.catch(() => undefined);
    this.#syncing ??= this.#load().finally(() => {
      this.#syncing = undefined;
    });
    await this.#syncing;
  }

  /** Brings memory to at least `epoch`. */
  async syncTo(epoch: bigint): Promise<void> {
    while (this.epoch < epoch) await this.sync();
  }

  async #load(): Promise<void> {
    const limitMs = this.#epoch === undefined ? FIRST_LOAD_LIMIT_MS : LOAD_LIMIT_MS;
    const reading = readAuthority(this.#deps.database.callTables, this.vaultId, this.#epoch);
    const rows = await withinMs(limitMs, 'loading what has changed', reading);
    if (rows.epoch < this.epoch) {
      // An older database answered (a restored backup, a lagging standby): acting on it would revive what was revoked.
      throw new Error(`the vault's epoch went back from ${this.epoch} to ${rows.epoch}`);
    }
    this.#apply(rows);
  }

  #apply(rows: AuthorityRows): void {
    for (const row of rows.agents) this.#applyAgent(row);
    for (const row of rows.services) this.#applyService(row);
    for (const row of rows.grants) this.#applyGrant(row);
    for (const row of rows.runs) this.#applyRun(row);
    for (const row of rows.placeholders) this.#applyPlaceholder(row);
    for (const row of rows.fingerprints) this.#applyFingerprint(row);
    for (const row of rows.versions) this.#applyVersion(row);
    const touched = new Set([
      ...rows.secrets.map(({ id }) => id),
      ...rows.versions.map(({ secretId }) => secretId),
    ]);
    const destroyed = new Set(rows.secrets.filter((row) => row.destroyedAt !== null).map(({ id }) => id));
    for (const row of rows.secrets) {
      this.#secrets.set(row.id, { current: undefined, previous: undefined, live: [], ...row });
    }
    for (const id of touched) this.#applySecret(id, destroyed.has(id));
    this.#epoch = rows.epoch;
    this.#frozen = rows.frozen;
    for (const listener of this.#onChange) listener();
  }

  #applyAgent(row: AgentRow): void {
    const before = this.#agents.get(row.id);
    if (before !== undefined) this.#agentIds.delete(before.name);
    this.#agents.delete(row.id);
    if (row.removedAt !== null || !this.#holds('agent', row, agentMacColumns(row))) return;
    this.#agents.set(row.id, { frozen: row.frozenAt !== null, ...row });
    this.#agentIds.set(row.name, row.id);
  }

  #applyService(row: ServiceRow): void {
    const before = this.#services.get(row.id);
    if (before !== undefined) this.#serviceIds.delete(before.name);
    this.#services.delete(row.id);
    if (row.removedAt !== null || !this.#holds('service', row, serviceMacColumns(row))) return;
    const protection = protectionSettings(row.protection);
    this.#services.set(row.id, { guards: row.deny.map(parsePattern), ...row, protection });
    this.#serviceIds.set(row.name, row.id);
  }

  #applyGrant(row: GrantRow): void {
    const ofAgent = this.#grants.get(row.agentId) ?? new Map<string, Grant>();
    if (ofAgent.get(row.serviceId)?.id === row.id) ofAgent.delete(row.serviceId);
    if (row.removedAt !== null || !this.#holds('service_grant', row, grantMacColumns(row))) return;
    const { id, agentId, serviceId, revision } = row;
    const constraints = readConstraints(row);
    if (constraints === undefined) {
      this.#deps.onAlarm('service_grant', row.id); // what is asked of its calls is not known: none is allowed
      return;
    }
    const allow = row.allow?.map(parsePattern);
    const lives = { expiresAt: row.expiresAt ?? undefined, frozen: row.frozenAt !== null };
    this.#grants.set(agentId, ofAgent);
    ofAgent.set(serviceId, { id, agentId, serviceId, allow, constraints, ...lives, revision });
  }

  #applyRun(row: RunRow): void {
    const key = row.placeholderHash.toString('hex');
    this.#runs.delete(key);
    this.#runsById.delete(row.id);
    if (row.endedAt !== null || !this.#holds('run', row, runMacColumns(row))) return;
    const { id, agentId, placeholderHash } = row;
    const leaseUntilMs = this.#deps.clock.monotonicMs() + row.leaseMs;
    const run = { id, agentId, placeholderHash };
    this.#runs.set(key, { run, leaseUntilMs });
    this.#runsById.set(id, run);
  }

  #applyPlaceholder(row: PlaceholderRow): void {
    const key = row.hash.toString('hex');
    this.#placeholders.delete(key);
    if (row.removedAt !== null || !this.#holds('placeholder', row, placeholderMacColumns(row))) return;
    const { id, agentId, serviceId, hash } = row;
    const ends = { runId: row.runId ?? undefined, expiresAt: row.expiresAt ?? undefined };
    this.#placeholders.set(key, { id, agentId, serviceId, hash, ...ends });
  }

  #applyFingerprint(row: FingerprintRow): void {
    const { versionId, secretId, isDecoy } = row;
    this.#fingerprints.delete(versionId);
    if (
      row.removedAt !== null ||
      !this.#holds('secret_fingerprint', { ...row, id: versionId }, fingerprintMacColumns(row))
    )
      return;
    this.#fingerprints.set({ versionId, secretId, isDecoy }, openFingerprints(this.#deps.keyring, row));
  }

  #applyVersion(row: VersionRow): void {
    const versions = this.#versions.get(row.secretId) ?? new Map<string, VersionRow>();
    this.#versions.set(row.secretId, versions.set(row.id, row));
  }

  #applySecret(id: Id<'sec'>, destroyed: boolean): void {
    const secret = this.#secrets.get(id);
    const versions = [...(this.#versions.get(id)?.values() ?? [])];
    if (secret === undefined || destroyed) {
      this.#versions.delete(id);
      this.#secrets.delete(id);
      if (secret !== undefined && this.#secretIds.get(secret.name) === id)
        this.#secretIds.delete(secret.name);
      return;
    }
    const current = versions.find((version) => version.state === 'current');
    const previous = versions.flatMap(({ id: version, number, state, graceUntil }) =>
      state === 'previous' && graceUntil !== null ? [{ id: version, number, graceUntil }] : [],
    )[0];
    const live = versions.filter(({ state }) => state !== 'destroyed').map((version) => version.id);
    this.#secrets.set(id, { ...secret, current, previous, live });
    this.#secretIds.set(secret.name, id);
  }

  #holds(table: MacTable, row: MacRow, columns: Parameters<typeof rowMacMatches>[2]): boolean {
    if (rowMacMatches(this.#deps.keyring, table, columns, row.mac)) return true;
    this.#deps.onAlarm(table, row.id);
    return false;
  }
}

/** Undefined: they are in no form that is known, such as that of a later release. */
function readConstraints({ constraints }: GrantRow): Constraints | undefined {
  return Object.keys(constraints).length === 0 ? NO_CONSTRAINTS : Constraints.safeParse(constraints).data;
}
