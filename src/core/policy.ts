// Deciding a call: default deny; any allow and no guard. Pure, from memory, so that it can be asked again at the last moment.
import type { CanonicalAddress } from './address.ts';
import { guardsAgainst, matchesPattern, smallestPattern } from './address-pattern.ts';
import { type CallFacts, type Unmet, unmetConstraint } from './constraint-check.ts';
import type { Agent, Grant, Service } from './entities.ts';
import type { Id } from './ids.ts';
import { neededScope, type Scope, scopeAllows } from './scope.ts';

export interface Question {
  readonly agent: Agent;
  readonly service: Service | undefined;
  readonly grant: Grant | undefined;
  readonly scope: Scope | undefined;
  readonly method: string;
  readonly address: CanonicalAddress;
  readonly now: Date;
  /** What the constraints of a grant are held against. Left out only where nothing is sent: what is not known is not asked for. */
  readonly facts?: CallFacts;
}

/** `rule` is the pattern that decided, or what stands in its place. */
export type Decision =
  | {
      readonly effect: 'allow';
      readonly rule: string;
      readonly grant: Id<'grt'>;
      readonly grantRevision: number;
    }
  | { readonly effect: 'deny'; readonly problem: 'frozen'; readonly rule: 'agent-frozen' }
  | {
      readonly effect: 'deny';
      readonly problem: 'frozen';
      readonly rule: 'grant-frozen';
      readonly revision: number;
    }
  | { readonly effect: 'deny'; readonly problem: 'no-grant'; readonly rule: 'no-grant' }
  | {
      readonly effect: 'deny';
      readonly problem: 'not-allowed';
      readonly rule: 'guard';
      /** The pattern of the service that denies it, whatever is granted. */
      readonly guard: string;
      /** Of the service. */
      readonly revision: number;
    }
  | {
      readonly effect: 'deny';
      readonly problem: 'not-allowed';
      readonly rule: 'scope' | 'grant' | 'grant-expired';
      /** What would have to be granted or asked for. */
      readonly needed: string;
      /** What the grant covers; undefined: every method and path. */
      readonly covered: readonly string[] | undefined;
      /** Of the grant. */
      readonly revision: number;
    }
  | {
      readonly effect: 'deny';
      readonly problem: 'not-allowed';
      readonly rule: `constraint:${Unmet['constraint']}`;
      readonly unmet: Unmet;
      /** Of the grant. */
      readonly revision: number;
    };

export function decide(question: Question): Decision {
  const { agent, service, grant, scope, method, address } = question;
  if (agent.frozen) return { effect: 'deny', problem: 'frozen', rule: 'agent-frozen' };
  if (service === undefined || grant === undefined) {
    return { effect: 'deny', problem: 'no-grant', rule: 'no-grant' };
  }
  if (grant.frozen)
    return { effect: 'deny', problem: 'frozen', rule: 'grant-frozen', revision: grant.revision };
  const guard = service.guards.find((candidate) => guardsAgainst(candidate, method, address));
  if (guard !== undefined) {
    return {
      effect: 'deny',
      problem: 'not-allowed',
      rule: 'guard',
      guard: guard.text,
      revision: service.revision,
    };
  }
  const needed = smallestPattern(method, address);
  const covered = grant.allow?.map(({ text }) => text);
  const { revision } = grant;
  if (grant.expiresAt !== undefined && grant.expiresAt <= question.now) {
    return { effect: 'deny', problem: 'not-allowed', rule: 'grant-expired', needed, covered, revision };
  }
  if (scope !== undefined && !scopeAllows(scope, service.name, method)) {
    return {
      effect: 'deny',
      problem: 'not-allowed',
      rule: 'scope',
      needed: neededScope(service.name, method),
      covered,
      revision,
    };
  }
  const pattern = grant.allow?.find((candidate) => matchesPattern(candidate, method, address));
  if (pattern === undefined && grant.allow !== undefined)
    return { effect: 'deny', problem: 'not-allowed', rule: 'grant', needed, covered, revision };
  const { facts = {}, now } = question;
  const unmet = unmetConstraint(grant.constraints, { method, address, facts, now });
  if (unmet !== undefined) {
    const rule = `constraint:${unmet.constraint}` as const;
    return { effect: 'deny', problem: 'not-allowed', rule, unmet, revision };
  }
  const rule = pattern?.text ?? '* /**';
  return { effect: 'allow', grant: grant.id, grantRevision: revision, rule };
}

/**
 * The decision on a call that may open a WebSocket. Its handshake is a GET, but what is sent over it may change anything:
 * whoever may only read may not open it.
 */
export function decideOpening(question: Question, isWebSocket: boolean): Decision {
  const decision = decide(question);
  if (decision.effect === 'deny' || !isWebSocket) return decision;
  const writing = decide({ ...question, method: 'POST' });
  return writing.effect === 'deny' ? writing : decision;
}
