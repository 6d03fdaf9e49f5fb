// Why a secret gives no access token, for as long as asking again would be in vain: told to every call at once, while the
// token endpoint is left in peace.
import type { Secret } from '../core/entities.ts';
import type { Id, IdSource } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { addSeconds } from '../core/time.ts';
import type { Refused } from '../providers/materials/material.ts';

interface Failure {
  /** Another version may do better. */
  readonly versionId: Id<'ver'>;
  readonly problem: Problem;
  readonly waitSeconds: number;
  readonly retryAtMs: number;
}

/** Doubled each time, with up to half as much again: a refusal that stays one is asked about less often. */
const FIRST_SECONDS = { passing: 2, final: 60 } as const;
const MOST_SECONDS = { passing: 120, final: 900 } as const;

export class MintFailures {
  readonly #ids: IdSource;
  readonly #failures = new Map<Id<'sec'>, Failure>();

  constructor(ids: IdSource) {
    this.#ids = ids;
  }

  /** Undefined: it may be tried. */
  of(secret: Secret): Problem | undefined {
    const failure = this.#failures.get(secret.id);
    if (failure === undefined || failure.versionId !== secret.current?.id) return undefined;
    return this.#ids.clock.monotonicMs() < failure.retryAtMs ? failure.problem : undefined;
  }

  /** Gives the time before which nobody needs to try again. */
  note(
    versionId: Id<'ver'>,
    secret: Secret,
    { problem, kind }: { readonly problem: Problem; readonly kind: Refused['kind'] },
  ): Date {
    const { clock, randomness } = this.#ids;
    const before = this.#failures.get(secret.id);
    const isRepeated = before?.versionId === versionId;
    const waitSeconds = isRepeated
      ? Math.min(Math.max(before.waitSeconds * 2, FIRST_SECONDS[kind]), MOST_SECONDS[kind])
      : FIRST_SECONDS[kind];
    const jittered = waitSeconds * (1 + randomness.bytes(2).readUInt16BE() / 0x2_0000);
    const retryAtMs = clock.monotonicMs() + jittered * 1000;
    this.#failures.set(secret.id, { versionId, problem, waitSeconds, retryAtMs });
    return addSeconds(clock.now(), jittered);
  }

  forget(secretId: Id<'sec'>): void {
    this.#failures.delete(secretId);
  }
}

/** The one problem for whatever kept a token from coming; `NAME` in the advice is the secret's. */
export function unavailable(name: string, said: string, advice?: string): Problem {
  const next =
    advice?.replaceAll('NAME', name) ??
    `It is tried again by itself; if that does not help: doorward connect ${name}`;
  return new Problem('secret-unavailable', {
    detail: `The secret ${name} gives no access token: ${said}. ${next}`,
    extensions: { secret: name },
  });
}
