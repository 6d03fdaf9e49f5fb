// The durable intent before anything leaves, and the one exit that tells how it ended. A call that is sent a second time
// has a second record.
import type { AuditInput } from '../core/audit-event.ts';
import type { Id } from '../core/ids.ts';
import { Findings } from '../core/inspection/finding.ts';
import type { Principal } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import { lockVault } from '../store/vaults.ts';
import type { Appended } from '../vault/audit/batch-writer.ts';
import type { EndedCall } from '../telemetry/metrics.ts';
import type { CallingAgent } from './caller.ts';
import type { BrokeredCall } from './call.ts';
import type { CallBody } from './call-body.ts';
import type { Allowed, Target } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import { Asking } from './inspection/asking.ts';
import type { LeakCount } from './inspection/guard.ts';
import type { Inspected } from './inspection/inspected.ts';
import { Previews } from './inspection/previews.ts';
import type { SecretVersion } from './versions.ts';

type Outcome = Extract<AuditInput, { kind: 'call.outcome' }>;

/** Names of parameters an event tells; of the others it tells how many. */
const MAX_QUERY_KEYS = 64;

/** Doubled after each try. */
const RETRY_MS = { first: 100, last: 12_800 };

export class CallRecord {
  readonly leaks: LeakCount = { matches: 0, views: [] };
  readonly findings = new Findings();
  previews = new Previews();
  /** Of all sends of the call. */
  asking = new Asking();
  /** What the upstream answered, as far as it came. */
  status: number | undefined;
  upstream: string | undefined;
  firstByteMs: number | undefined;
  requestBytes = 0;
  responseBytes = 0;
  readonly #deps: BrokerDeps;
  readonly #call: BrokeredCall;
  readonly #startedMs: number;
  #work: Set<Promise<unknown>> | undefined;
  #isAddressHidden = false;
  /** One that the intent could not tell of. */
  #body: CallBody | undefined;
  #caller: CallingAgent | undefined;
  #target: Target | undefined;
  #intent: Id<'evt'> | undefined;
  #end: { readonly result: Outcome['result']; readonly problem?: Problem } | undefined;

  constructor(deps: BrokerDeps, call: BrokeredCall, startedMs = deps.ids.clock.monotonicMs()) {
    this.#deps = deps;
    this.#call = call;
    this.#startedMs = startedMs;
  }

  /** For the guards of this send. */
  inspected(allowed: Allowed): Inspected {
    const { findings, previews, asking } = this;
    return { allowed, call: this.#call, findings, previews, asking, waitFor: this.waitFor };
  }

  /** Path and names of parameters hold what must not stand in the log: they are told as keyed hashes. */
  hideAddress(): void {
    this.#isAddressHidden = true;
  }

  /** For what has to be done before the answer. */
  readonly waitFor = (work: Promise<unknown>): void => {
    const under = (this.#work ??= new Set());
    under.add(work);
    const forget = () => under.delete(work);
    this.#deps.live.finishing(work.then(forget, forget));
  };

  /** Once everything that has to be done before the answer is done. Never throws. */
  async settled(): Promise<void> {
    while (this.#work !== undefined && this.#work.size > 0) await Promise.allSettled(this.#work);
  }

  /** For the next send of the same call. */
  again(): CallRecord {
    const next = new CallRecord(this.#deps, this.#call, this.#startedMs);
    next.previews = this.previews.again();
    next.asking = this.asking;
    next.#caller = this.#caller;
    next.#target = this.#target;
    next.#isAddressHidden = this.#isAddressHidden;
    return next;
  }

  get caller(): CallingAgent | undefined {
    return this.#caller;
  }

  set caller(caller: CallingAgent) {
    this.#caller = caller;
  }

  set target(target: Target) {
    this.#target = target;
  }

  /** Milliseconds since the call came in. */
  get elapsedMs(): number {
    return Math.max(0, Math.round((this.#deps.ids.clock.monotonicMs() - this.#startedMs) * 100) / 100);
  }

  /** Writes the intent; resolves when it is durable, with the vault's epoch in the database. Throws `audit-unavailable`. */
  async begin(allowed: Allowed, version: SecretVersion, body: CallBody): Promise<bigint> {
    const { service, target, decision, epoch } = allowed;
    const { held } = body;
    const { vault, principal, request, client } = this.#base();
    const { approvals } = this.asking;
    const appended = await this.#authorise({
      kind: 'call.intent',
      ...(approvals.length === 0 ? {} : { approvals: approvals.map(({ id }) => id) }),
      vault,
      principal,
      request,
      client,
      service: { id: service.id, name: service.name, revision: service.revision },
      secret: { id: service.secretId, version: version.number },
      method: target.method,
      path: this.#isAddressHidden ? `/#${this.#deps.fieldHash(target.address.path)}` : target.address.path,
      queryKeys: this.#queryKeys(target.address.decodedQuery.map(([name]) => name)),
      body:
        held === undefined
          ? { held: false }
          : { held: true, bytes: held.length, hash: this.#deps.fieldHash(held) },
      decision: {
        effect: 'allow',
        grant: decision.grant,
        grantRevision: decision.grantRevision,
        rule: decision.rule,
      },
      epoch: epoch.toString(),
      ...webSocketOf(target),
    });
    this.#intent = appended.id;
    if (held === undefined) this.#body = body;
    return appended.epoch;
  }

  /** In the round trip that brings the epoch, approvals are used up with the intent that tells of them, or neither is written. */
  #authorise(intent: AuditInput): Promise<Appended> {
    return this.asking.unused.length === 0 ? this.#deps.audit.append(intent) : this.#useUp(intent);
  }

  async #useUp(intent: AuditInput): Promise<Appended> {
    const { audit, approvals, authority } = this.#deps;
    const unused = this.asking.unused.map(({ id }) => id);
    const appended = await audit.transaction(async (tx, append) => {
      const epoch = await lockVault(tx, authority.vaultId); // no right changes before both are written
      await approvals.consume(tx, unused);
      return { id: await append(intent), epoch };
    });
    this.asking.used();
    return appended;
  }

  /** Tells, in the background, that this send follows one whose version was answered 401. */
  fellBack({ service }: Allowed, from: SecretVersion, to: SecretVersion): void {
    const secret = this.#deps.authority.secret(service.secretId);
    if (secret === undefined || this.#intent === undefined) return;
    const { id, name } = secret;
    this.#inBackground({
      kind: 'rotation.fallback',
      ...this.#base(),
      secret: { id, name, from: from.number, to: to.number },
      intent: this.#intent,
    });
  }

  /** How it ended; the first word counts. */
  ended(result: Outcome['result'], problem?: Problem): void {
    this.#end ??= problem === undefined ? { result } : { result, problem };
  }

  /** The one exit. The terminal event is written in the background; a shutdown waits until it is durable. */
  finish(): void {
    this.#deps.metrics.callEnded(this.#measured());
    if (this.#intent !== undefined) this.#inBackground(this.#outcome(this.#intent));
    else if (this.#caller !== undefined) this.#waitedFor(this.#refused());
  }

  #measured(): EndedCall {
    const problem = this.#end?.problem;
    const isDenied = problem?.fault === 'policy' || problem?.fault === 'caller';
    const refused = this.#caller === undefined ? 'unauthenticated' : 'deny';
    return {
      service: this.#deps.authority.serviceByName(this.#call.service)?.name,
      decision: this.#intent !== undefined ? 'allow' : isDenied ? refused : 'error',
      status: this.status ?? problem?.status,
      seconds: this.elapsedMs / 1000,
      redacted: this.leaks.matches,
      findings: this.findings.list(),
    };
  }

  /** Tries for a while: without a database no call begins, so few wait for it. What is lost all the same, the reaper tells. */
  #inBackground(event: AuditInput): void {
    this.#waitedFor(this.#deps.audit.append(event), (error) => this.#appendAgain(event, error));
  }

  /** `after`: what to do about a failure; where that fails too, the log says so. */
  #waitedFor(writing: Promise<unknown>, after?: (error: unknown) => Promise<void>): void {
    const { live, log } = this.#deps;
    const lost = (error: unknown) => log.error({ error }, 'how a call ended was not recorded');
    live.finishing(
      writing.catch((error: unknown) => (after === undefined ? lost(error) : after(error).catch(lost))),
    );
  }

  async #appendAgain(event: AuditInput, failure: unknown): Promise<void> {
    let error = failure;
    for (let waitMs = RETRY_MS.first; waitMs <= RETRY_MS.last; waitMs *= 2) {
      if (codeOf(error) !== 'audit-unavailable') break;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      try {
        await this.#deps.audit.append(event);
        return;
      } catch (cause) {
        if (codeOf(cause) === 'already-exists') return; // an earlier try had come through
        error = cause;
      }
    }
    throw error;
  }

  #outcome(intent: Id<'evt'>): Outcome {
    const { result, problem } = this.#end ?? { result: 'unknown' };
    const { matches, views } = this.leaks;
    const held = this.#body?.held;
    const { vault, principal, request, client } = this.#base();
    return {
      kind: 'call.outcome',
      approval: this.asking.question,
      vault,
      principal,
      request,
      client,
      intent,
      result,
      status: this.status,
      problem: problem?.code,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      bodyHash: held === undefined ? undefined : this.#deps.fieldHash(held),
      upstream: this.upstream,
      firstByteMs: this.firstByteMs,
      totalMs: this.elapsedMs,
      leaks: matches === 0 ? undefined : { matches, views },
      flags: this.findings.isEmpty ? undefined : this.findings.list(),
      preview: this.previews.told,
    };
  }

  async #refused(): Promise<void> {
    const problem = this.#end?.problem;
    if (problem === undefined) return;
    const { rule, revision } = problem.extensions;
    const { address, service, method } = this.#call;
    await this.#deps.audit.append({
      kind: 'call.refused',
      ...this.#base(),
      service: this.#deps.authority.serviceByName(service)?.name ?? `#${this.#deps.fieldHash(service)}`,
      ...(this.#target === undefined || this.#isAddressHidden
        ? { rawPath: { bytes: address.length, hash: this.#deps.fieldHash(address) } }
        : { method, path: this.#target.address.path, ...webSocketOf(this.#target) }),
      problem: problem.code,
      ...(typeof rule === 'string' ? { rule } : {}),
      // A guard is the service's, everything else with a revision the grant's.
      ...(typeof revision === 'number' && rule !== 'guard' ? { grantRevision: revision } : {}),
      ...(this.findings.isEmpty ? {} : { flags: this.findings.list() }),
      ...(this.asking.question === undefined ? {} : { approval: this.asking.question }),
    });
  }

  #base() {
    const principal: Principal = this.#caller?.principal ?? { type: 'stranger' };
    const { request, client } = this.#call;
    return { vault: this.#deps.authority.vaultId, principal, request, client };
  }

  #isName(text: string): boolean {
    return !this.#isAddressHidden && /^[A-Za-z0-9_.[\]-]{1,64}$/.test(text);
  }

  /** Parameter names are mostly words of the vendor's; what does not look like one may be anything. */
  #queryKeys(names: readonly string[]): readonly string[] {
    if (names.length === 0) return names;
    const different = [...new Set(names)];
    const told = different
      .slice(0, MAX_QUERY_KEYS)
      .map((name) => (this.#isName(name) ? name : `#${this.#deps.fieldHash(name)}`));
    const left = different.length - told.length;
    return left === 0 ? told : [...told, `+${left}`];
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Problem ? error.code : undefined;
}

/** What is sent over it may change anything, so it is decided as more than the GET that opens it. */
function webSocketOf({ isWebSocket }: Target): { webSocket?: true } {
  return isWebSocket ? { webSocket: true } : {};
}
