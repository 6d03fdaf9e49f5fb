// Step 1: who calls. The token may stand in whatever slot the vendor's key would; every slot is stripped later.
import type { Agent, Run, Service } from '../core/entities.ts';
import { CREDENTIAL_SLOTS } from '../core/header-names.ts';
import type { AgentPrincipal } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import { parseScope, type Scope } from '../core/scope.ts';
import { slotsOf } from '../vault/credential.ts';
import type { BrokeredCall } from './call.ts';
import type { BrokerDeps } from './deps.ts';

export interface CallingAgent {
  readonly agent: Agent;
  readonly principal: AgentPrincipal;
  /** Undefined: all of the agent's grants. */
  readonly scope: Scope | undefined;
  readonly run: Run | undefined;
  /** The token as it was sent: whatever carries it is not passed on. */
  readonly token: string;
}

const QUERY_SLOT = 'key';
const IS_SLOT: ReadonlySet<string> = new Set(CREDENTIAL_SLOTS);

/** Throws `unauthenticated`, `ambiguous-credential` or `too-many-attempts`. */
export async function authenticate(
  deps: BrokerDeps,
  call: BrokeredCall,
  service: Service | undefined,
): Promise<CallingAgent> {
  const caller = await authenticateBy(deps, call, service);
  if (service === undefined || deps.authority.grant(caller.agent.id, service.id) !== undefined) return caller;
  // The slots of a service are nobody's business without a grant: as if there were no such service.
  return await authenticateBy(deps, call, undefined);
}

async function authenticateBy(
  deps: BrokerDeps,
  call: BrokeredCall,
  service: Service | undefined,
): Promise<CallingAgent> {
  const token = findToken(deps, call, service);
  if (token === undefined) throw unauthenticated(deps, call, 'no-token');
  return token.startsWith('dw_') ? await byPlaceholder(deps, call, token) : byAccessToken(deps, call, token);
}

async function byPlaceholder(deps: BrokerDeps, call: BrokeredCall, token: string): Promise<CallingAgent> {
  const kind = deps.tokens.opaqueKind(token);
  if (kind === 'agent') throw unauthenticated(deps, call, 'agent-key');
  if (kind !== 'run') throw unauthenticated(deps, call, 'malformed');
  const run = deps.authority.run(deps.tokens.hash(token));
  const agent = run === undefined ? undefined : deps.authority.agent(run.agentId);
  if (run === undefined || agent === undefined || !(await deps.authority.runIsAlive(run))) {
    throw unauthenticated(deps, call, 'run-over');
  }
  const principal = { id: agent.id, name: agent.name, run: run.id, type: 'agent' } as const;
  return { agent, principal, scope: undefined, run, token };
}

function byAccessToken(deps: BrokerDeps, call: BrokeredCall, token: string): CallingAgent {
  const retryAfter = deps.tokens.isRemembered(token)
    ? undefined
    : deps.failures.retryAfterSeconds(call.client);
  if (retryAfter !== undefined) {
    deps.audit.noteFailedAuthentication(call.client, 'too-many-attempts');
    throw new Problem('too-many-attempts', {
      detail: 'Too many tokens from this address were not valid.',
      extensions: { retryAfterSeconds: retryAfter },
    });
  }
  const claims = deps.tokens.verify(token);
  const agent = claims === undefined ? undefined : deps.authority.agent(claims.sub);
  if (claims === undefined || agent === undefined || agent.generation !== claims.gen) {
    throw unauthenticated(deps, call, 'invalid-token');
  }
  const scope = claims.scope === undefined ? undefined : parseScope(claims.scope);
  if (claims.scope !== undefined && scope === undefined) throw unauthenticated(deps, call, 'invalid-scope');
  const principal = { id: agent.id, name: agent.name, token: claims.jti, type: 'agent' } as const;
  return { agent, principal, scope, run: undefined, token };
}

const ADVICE = {
  'no-token': 'Send a Doorward access token or placeholder where the vendor key would go.',
  'agent-key': 'This is an agent key: exchange it for an access token at /oauth/token first.',
  malformed: 'This is not a token of this broker.',
  'run-over': 'The run this placeholder belongs to is over.',
  'invalid-token':
    'The token is not valid here: expired, revoked, or from elsewhere. Ask /oauth/token for a new one.',
  'invalid-scope': 'The token carries a scope that is not known here.',
} as const;

function unauthenticated(deps: BrokerDeps, call: BrokeredCall, reason: keyof typeof ADVICE): Problem {
  deps.failures.note(call.client);
  deps.audit.noteFailedAuthentication(call.client, reason);
  return new Problem('unauthenticated', { detail: ADVICE[reason], extensions: { reason } });
}

/** The token of the call: the same one in two slots counts once, two different ones are ambiguous. */
function findToken(deps: BrokerDeps, call: BrokeredCall, service: Service | undefined): string | undefined {
  const own = service === undefined ? undefined : slotsOf(service);
  let found: string | undefined;
  let other: string | undefined;
  let isAmbiguous = false;
  const take = (token: string) => {
    isAmbiguous ||= found !== undefined && found !== token;
    found = token;
  };
  for (const [name, value] of call.headers) {
    if (!IS_SLOT.has(name) && own?.headers.includes(name) !== true) continue;
    const token = tokenIn(value);
    if (looksLikeOurs(token)) take(token);
    else if (token !== '') other ??= token;
  }
  queryTokens(call.address, own?.query ?? []).forEach(take);
  if (isAmbiguous) {
    deps.audit.noteFailedAuthentication(call.client, 'ambiguous-credential');
    throw new Problem('ambiguous-credential', { detail: 'Send one token, or the same one in every slot.' });
  }
  return found ?? other;
}

/** What a header value carries: the bare token, that of a scheme, or a Basic password (its user where that is empty). */
function tokenIn(value: string): string {
  const match = /^(bearer|token|basic)\s+(\S+)\s*$/i.exec(value);
  if (match?.[1] === undefined || match[2] === undefined) return value.trim();
  if (match[1].toLowerCase() !== 'basic') return match[2];
  const pair = Buffer.from(match[2], 'base64').toString('latin1');
  const at = pair.indexOf(':');
  const password = at === -1 ? '' : pair.slice(at + 1);
  return password === '' ? pair.slice(0, at === -1 ? pair.length : at) : password;
}

function queryTokens(address: string, slots: readonly string[]): string[] {
  const at = address.indexOf('?');
  if (at === -1) return [];
  const pairs = address.slice(at + 1).split('&');
  return pairs.flatMap((pair) => {
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const isSlot = name === QUERY_SLOT || slots.includes(name);
    return equals > 0 && isSlot && looksLikeOurs(value) ? [value] : [];
  });
}

function looksLikeOurs(token: string): boolean {
  return /^(dw_[a-z]+_[A-Za-z0-9]+|eyJ[\w-]+\.[\w-]+\.[\w-]+)$/.test(token);
}
