// Step 1: who calls. The token may stand in whatever slot the vendor's key would; every slot is stripped later.
import type { Placeholder, Service } from '../core/entities.ts';
import type { Principal } from '../core/principal.ts';
import { Problem } from '../core/problem.ts';
import { parseScope } from '../core/scope.ts';
import type { BrokeredCall } from './call.ts';
import type { CallingAgent, Presented } from './caller.ts';
import type { BrokerDeps } from './deps.ts';
import { presentedIn } from './presented.ts';
import { toldPlace } from './inspection/told-place.ts';
import { seenElsewhere } from './seen-elsewhere.ts';

type Named = Omit<CallingAgent, 'token' | 'withheld'>;

/**
 * Throws `unauthenticated`, `ambiguous-credential` or `too-many-attempts`. A call with an access token and nothing else that
 * may be one, as nearly every call is, has nothing to wait for.
 */
export function authenticate(
  deps: BrokerDeps,
  call: BrokeredCall,
  service: Service | undefined,
): CallingAgent | Promise<CallingAgent> {
  const presented = presentedIn(deps, call, service);
  const [only] = presented;
  const isPlain = presented.length === 1 && only?.kind === 'token' && only.slot === 'common';
  if (!isPlain || isOpaque(only.text)) return authenticateByAny(deps, call, { presented, service });
  try {
    return calledWith(only.text, byAccessToken(deps, call, only.text));
  } catch (error) {
    if (error instanceof Problem) lookForDecoys(deps, call);
    throw error;
  }
}

async function authenticateByAny(
  deps: BrokerDeps,
  call: BrokeredCall,
  { presented, service }: Omit<Given, 'slots'>,
): Promise<CallingAgent> {
  let caller: CallingAgent | undefined;
  try {
    caller = await authenticateBy(deps, call, { presented, service, slots: 'all' });
    const isKnownHere = service === undefined || isBoundTo(caller.placeholder, service);
    if (!isKnownHere && deps.authority.grant(caller.agent.id, service.id) === undefined) {
      // The slots of a service are nobody's business without a grant: as if there were no such service.
      caller = await authenticateBy(deps, call, { presented, service, slots: 'common' });
    }
    return caller;
  } catch (error) {
    if (error instanceof Problem) lookForDecoys(deps, call);
    throw error;
  } finally {
    tellElsewhere(deps, call, { presented, service, principal: caller?.principal ?? { type: 'stranger' } });
  }
}

interface Given {
  readonly presented: readonly Presented[];
  readonly service: Service | undefined;
  /** Whose slots count: also the service's own, or those that every service has. */
  readonly slots: 'all' | 'common';
}

async function authenticateBy(deps: BrokerDeps, call: BrokeredCall, given: Given): Promise<CallingAgent> {
  const token = chooseToken(deps, call, given);
  if (token === undefined) throw unauthenticated(deps, call, 'no-token');
  const { text, placeholder } = token;
  const named =
    token.kind === 'placeholder' && placeholder !== undefined
      ? await byPlaceholder(deps, call, placeholder)
      : isOpaque(text)
        ? await byRun(deps, call, text)
        : byAccessToken(deps, call, text);
  const shown = given.presented.filter(({ kind }) => kind === 'placeholder').map((found) => found.text);
  return calledWith(text, named, shown);
}

/** `placeholders`: those that the call shows, wherever. */
function calledWith(
  token: string,
  { agent, principal, scope, run, placeholder }: Named,
  placeholders: readonly string[] = [],
): CallingAgent {
  const withheld = placeholders.length === 0 ? [token] : [...new Set([token, ...placeholders])];
  return { agent, principal, scope, run, placeholder, token, withheld };
}

/** No access token: something of ours that is looked up. */
function isOpaque(token: string): boolean {
  return token.startsWith('dw_');
}

/** Good for its service, which whoever asks has made sure of, until its end. */
async function byPlaceholder(deps: BrokerDeps, call: BrokeredCall, placeholder: Placeholder): Promise<Named> {
  const { authority, ids } = deps;
  const { runId, expiresAt } = placeholder;
  if (expiresAt !== undefined && expiresAt <= ids.clock.now()) {
    throw unauthenticated(deps, call, 'placeholder-expired');
  }
  const agent = authority.agent(placeholder.agentId);
  const run = runId === undefined ? undefined : authority.runById(runId);
  const isOver = runId !== undefined && (run === undefined || !(await authority.runIsAlive(run)));
  if (agent === undefined || isOver) throw unauthenticated(deps, call, 'run-over');
  const { id, name } = agent;
  const principal = {
    id,
    name,
    ...(run && { run: run.id }),
    placeholder: placeholder.id,
    type: 'agent',
  } as const;
  return { agent, principal, scope: undefined, run, placeholder };
}

async function byRun(deps: BrokerDeps, call: BrokeredCall, token: string): Promise<Named> {
  const kind = deps.tokens.opaqueKind(token);
  if (kind === 'agent') throw unauthenticated(deps, call, 'agent-key');
  if (kind === 'placeholder') throw unauthenticated(deps, call, 'placeholder-unknown');
  if (kind !== 'run') throw unauthenticated(deps, call, 'malformed');
  const run = deps.authority.run(deps.tokens.hash(token));
  const agent = run === undefined ? undefined : deps.authority.agent(run.agentId);
  if (run === undefined || agent === undefined || !(await deps.authority.runIsAlive(run))) {
    throw unauthenticated(deps, call, 'run-over');
  }
  const principal = { id: agent.id, name: agent.name, run: run.id, type: 'agent' } as const;
  return { agent, principal, scope: undefined, run, placeholder: undefined };
}

function byAccessToken(deps: BrokerDeps, call: BrokeredCall, token: string): Named {
  const digest = call.memory.digest.of([token], () => deps.tokens.digest(token));
  const claims = deps.tokens.verify(token, () => limitFailures(deps, call), digest);
  const agent = claims === undefined ? undefined : deps.authority.agent(claims.sub);
  if (claims === undefined || agent === undefined || agent.generation !== claims.gen) {
    throw unauthenticated(deps, call, 'invalid-token');
  }
  const scope = claims.scope === undefined ? undefined : parseScope(claims.scope);
  if (claims.scope !== undefined && scope === undefined) throw unauthenticated(deps, call, 'invalid-scope');
  const principal = { id: agent.id, name: agent.name, token: claims.jti, type: 'agent' } as const;
  return { agent, principal, scope, run: undefined, placeholder: undefined };
}

/** Throws `too-many-attempts` where too many from the caller's address failed of late. */
function limitFailures(deps: BrokerDeps, call: BrokeredCall): void {
  const retryAfter = deps.failures.retryAfterSeconds(call.client);
  if (retryAfter === undefined) return;
  deps.audit.noteFailedAuthentication(call.client, 'too-many-attempts');
  throw new Problem('too-many-attempts', {
    detail: 'Too many tokens from this address were not valid.',
    extensions: { retryAfterSeconds: retryAfter },
  });
}

const ADVICE = {
  'no-token': 'Send a Doorward access token or placeholder where the vendor key would go.',
  'agent-key': 'This is an agent key: exchange it for an access token at /oauth/token first.',
  malformed: 'This is not a token of this broker.',
  'run-over': 'The run this placeholder belongs to is over.',
  'placeholder-unknown': 'This placeholder is not valid here: revoked, long expired, or of another service.',
  'placeholder-expired': 'This placeholder has expired; an administrator can make another one.',
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
function chooseToken(deps: BrokerDeps, call: BrokeredCall, { presented, service, slots }: Given) {
  const shown = presented.filter(({ slot }) => slot === 'common' || (slot === 'own' && slots === 'all'));
  const [found, ...others] = shown.filter(
    ({ kind, placeholder }) =>
      kind === 'token' || (kind === 'placeholder' && isBoundTo(placeholder, service)),
  );
  if (others.some(({ text }) => text !== found?.text)) {
    deps.audit.noteFailedAuthentication(call.client, 'ambiguous-credential');
    throw new Problem('ambiguous-credential', { detail: 'Send one token, or the same one in every slot.' });
  }
  // A placeholder of another service is as good as any stranger's text.
  return found ?? shown.find(({ kind }) => kind === 'other');
}

function isBoundTo(placeholder: Placeholder | undefined, service: Service | undefined): boolean {
  return placeholder !== undefined && placeholder.serviceId === service?.id;
}

/** Of a call that nobody is known to have made: wherever in its head the refused credential may have stood. */
function lookForDecoys(deps: BrokerDeps, { request, client, address, headers }: BrokeredCall): void {
  if (!deps.authority.fingerprints.hasDecoys) return;
  const [path = '', query = ''] = address.split('?', 2);
  const texts = headers.map(([name, value]) => ({ where: toldPlace(`header ${name}`, deps), value }));
  texts.push({ where: 'path', value: path }, { where: 'query', value: query });
  deps.decoysAtDoor.look({ request, client, texts });
}

function tellElsewhere(
  deps: BrokerDeps,
  call: BrokeredCall,
  { presented, service, principal }: Omit<Given, 'slots'> & { readonly principal: Principal },
): void {
  for (const { placeholder, where } of presented) {
    if (placeholder === undefined || isBoundTo(placeholder, service)) continue;
    seenElsewhere(deps, call, service, { placeholder, where, principal });
  }
}
