// Steps 6 and 10: the durable intent before anything leaves, and the one exit that tells how a call ended.
import { decodedQueryNames } from '../core/address.ts';
import type { AuditInput } from '../core/audit-event.ts';
import type { Id } from '../core/ids.ts';
import type { Principal } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import type { CallingAgent } from './authenticate.ts';
import type { BrokeredCall } from './call.ts';
import type { Allowed, Target } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import type { LeakCount } from './guard.ts';

type Outcome = Extract<AuditInput, { kind: 'call.outcome' }>;

/** Names of parameters an event tells; of the others it tells how many. */
const MAX_QUERY_KEYS = 64;

/** Doubled after each try. */
const RETRY_MS = { first: 100, last: 12_800 };

export class CallRecord {
  readonly leaks: LeakCount = { matches: 0, views: new Set() };
  /** What the upstream answered, as far as it came. */
  status: number | undefined;
  upstream: string | undefined;
  firstByteMs: number | undefined;
  requestBytes = 0;
  responseBytes = 0;
  readonly #deps: BrokerDeps;
  readonly #call: BrokeredCall;
  readonly #startedMs: number;
  #caller: CallingAgent | undefined;
  #target: Target | undefined;
  #intent: Id<'evt'> | undefined;
  #end: { readonly result: Outcome['result']; readonly problem?: Problem } | undefined;

  constructor(deps: BrokerDeps, call: BrokeredCall) {
    this.#deps = deps;
    this.#call = call;
    this.#startedMs = deps.ids.clock.monotonicMs();
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
  async begin(allowed: Allowed): Promise<bigint> {
    const { service, target, decision, epoch } = allowed;
    const secret = this.#deps.authority.secret(service.secretId);
    if (secret?.current === undefined) {
      throw new Problem('secret-unavailable', { detail: 'The service has no current secret version.' });
    }
    const appended = await this.#deps.audit.append({
      kind: 'call.intent',
      ...this.#base(),
      service: { id: service.id, name: service.name, revision: service.revision },
      secret: { id: secret.id, version: secret.current.number },
      method: target.method,
      path: target.address.path,
      queryKeys: this.#queryKeys(decodedQueryNames(target.address)),
      body: { held: false },
      decision: {
        effect: 'allow',
        rule: decision.rule,
        grant: decision.grant,
        grantRevision: decision.grantRevision,
      },
      epoch: epoch.toString(),
    });
    this.#intent = appended.id;
    return appended.epoch;
  }

  /** How it ended; the first word counts. */
  ended(result: Outcome['result'], problem?: Problem): void {
    this.#end ??= problem === undefined ? { result } : { result, problem };
  }

  /** The one exit. Resolves when the terminal event is durable. */
  async finish(): Promise<void> {
    if (this.#intent !== undefined) await this.#appendOutcome(this.#outcome(this.#intent));
    else if (this.#caller !== undefined) await this.#refused();
  }

  /** Tries for a while: without a database no call begins, so few wait for it. What is lost all the same, the reaper tells. */
  async #appendOutcome(outcome: Outcome): Promise<void> {
    for (let waitMs = RETRY_MS.first; ; waitMs *= 2) {
      try {
        await this.#deps.audit.append(outcome);
        return;
      } catch (error) {
        const code = error instanceof Problem ? error.code : undefined;
        if (code === 'already-exists' && waitMs > RETRY_MS.first) return; // an earlier try had come through
        if (code !== 'audit-unavailable' || waitMs > RETRY_MS.last) throw error;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  #outcome(intent: Id<'evt'>): Outcome {
    const { result, problem } = this.#end ?? { result: 'unknown' };
    const { matches, views } = this.leaks;
    return {
      kind: 'call.outcome',
      ...this.#base(),
      intent,
      result,
      ...(this.status === undefined ? {} : { status: this.status }),
      ...(problem === undefined ? {} : { problem: problem.code }),
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      ...(this.upstream === undefined ? {} : { upstream: this.upstream }),
      ...(this.firstByteMs === undefined ? {} : { firstByteMs: this.firstByteMs }),
      totalMs: this.elapsedMs,
      ...(matches === 0 ? {} : { leaks: { matches, views: [...views] } }),
    };
  }

  async #refused(): Promise<void> {
    const problem = this.#end?.problem;
    if (problem === undefined) return;
    const rule = problem.extensions['rule'];
    const { address, service, method } = this.#call;
    await this.#deps.audit.append({
      kind: 'call.refused',
      ...this.#base(),
      service: this.#deps.authority.serviceByName(service)?.name ?? `#${this.#deps.fieldHash(service)}`,
      ...(this.#target === undefined
        ? { rawPath: { bytes: address.length, hash: this.#deps.fieldHash(address) } }
        : { method, path: this.#target.address.path }),
      problem: problem.code,
      ...(typeof rule === 'string' ? { rule } : {}),
    });
  }

  #base() {
    const principal: Principal = this.#caller?.principal ?? { type: 'stranger' };
    const { request, client } = this.#call;
    return { vault: this.#deps.authority.vaultId, principal, request, client };
  }

  /** Parameter names are mostly words of the vendor's; what does not look like one may be anything. */
  #queryKeys(names: readonly string[]): readonly string[] {
    const different = [...new Set(names)];
    const told = different
      .slice(0, MAX_QUERY_KEYS)
      .map((name) => (/^[A-Za-z0-9_.[\]-]{1,64}$/.test(name) ? name : `#${this.#deps.fieldHash(name)}`));
    const left = different.length - told.length;
    return left === 0 ? told : [...told, `+${left}`];
  }
}
