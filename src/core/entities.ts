// The vault's records as decisions see them: parsed, checked, in memory.
import type { AddressPattern } from './address-pattern.ts';
import type { Constraints } from './constraints.ts';
import type { Id } from './ids.ts';
import type { ProtectionSettings } from './protection/protection.ts';
import type { Auth, Origin, RefusalShape } from './service.ts';

export interface Agent {
  readonly id: Id<'agt'>;
  readonly name: string;
  readonly keyHash: Buffer;
  readonly generation: number;
  readonly frozen: boolean;
  readonly revision: number;
}

export interface Service {
  readonly id: Id<'svc'>;
  readonly name: string;
  readonly origin: Origin;
  readonly basePath: string;
  readonly auth: Auth;
  readonly secretId: Id<'sec'>;
  /** Which methods are sent again with the secret's previous version after a 401 in its grace period. */
  readonly graceRetry: 'any' | 'idempotent';
  /** The catalogue entry it was made from. */
  readonly catalogueId: string | null;
  /** Sent where the caller has no header of that name. */
  readonly headers: Readonly<Record<string, string>>;
  /** What no grant allows. */
  readonly guards: readonly AddressPattern[];
  readonly refusalShape: RefusalShape | null;
  /** A listener of its own: `127.0.0.1:0` or `unix:/path`. */
  readonly listen: string | null;
  readonly protection: ProtectionSettings;
  readonly revision: number;
}

export interface Grant {
  readonly id: Id<'grt'>;
  readonly agentId: Id<'agt'>;
  readonly serviceId: Id<'svc'>;
  /** Undefined: every method and path. */
  readonly allow: readonly AddressPattern[] | undefined;
  readonly expiresAt: Date | undefined;
  readonly constraints: Constraints;
  readonly frozen: boolean;
  readonly revision: number;
}

export interface Run {
  readonly id: Id<'run'>;
  readonly agentId: Id<'agt'>;
  readonly placeholderHash: Buffer;
}

/** Stands where a client expects the key of a service: good for one agent at one service, until its end. */
export interface Placeholder {
  readonly id: Id<'plh'>;
  readonly agentId: Id<'agt'>;
  readonly serviceId: Id<'svc'>;
  /** It ends with this run. */
  readonly runId: Id<'run'> | undefined;
  readonly hash: Buffer;
  readonly expiresAt: Date | undefined;
}

/** What a call needs to know of a secret: which version is current, and which others an upstream may still echo. */
export interface Secret {
  readonly id: Id<'sec'>;
  readonly name: string;
  readonly credentialKind: string;
  readonly current: { readonly id: Id<'ver'>; readonly number: number } | undefined;
  /** The version before, while its grace period lasts: sent once more where the current one is answered 401. */
  readonly previous:
    | { readonly id: Id<'ver'>; readonly number: number; readonly graceUntil: Date }
    | undefined;
  readonly live: readonly Id<'ver'>[];
}
