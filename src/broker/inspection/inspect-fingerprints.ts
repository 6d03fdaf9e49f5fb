// The first guard of every request: whatever is stored in this vault does not leave in a call, nor does a token of ours.
// Decoys are values that no call has any use for: whoever sends one is frozen.
import { findInText, type Hit, type Needle } from '../../core/fingerprints/lookup.ts';
import type { Owner } from '../../core/fingerprints/table.ts';
import type { CanonicalAddress } from '../../core/address.ts';
import type { Placeholder } from '../../core/entities.ts';
import type { Inspector, MessageGuard } from '../../core/inspection/stage.ts';
import { Problem } from '../../core/problem.ts';
import { frozenByDecoy } from '../../vault/decoys.ts';
import type { CallingAgent } from '../caller.ts';
import type { BrokerDeps } from '../deps.ts';
import { type AlarmedCall, tellGuardAlarm } from './guard-alarm.ts';
import type { Inspected } from './inspected.ts';
import { codingsOf, decodingStage, lookupMessages, lookupStage } from './lookup-stage.ts';
import { PlaceholderWords } from './placeholder-words.ts';
import { seenElsewhere } from '../seen-elsewhere.ts';
import { spokenPlace } from './told-place.ts';

const OWN_TOKEN = 'own-token';

/** A call as it can be looked at before it is decided. */
interface Looked extends AlarmedCall, Pick<Inspected, 'findings' | 'waitFor'> {}

interface LookedAtHead extends Looked {
  readonly address: CanonicalAddress;
  /** What is found there must not stand in the log either. */
  readonly hideAddress: () => void;
}

/** Path, parameters and headers of whoever is known, whatever is decided after. Throws `secret-in-request` or `frozen`. */
export function lookInHead(deps: BrokerDeps, looked: LookedAtHead): void {
  const parts = { table: deps.authority.fingerprints, needles: ownTokens(looked.caller) };
  const find = (text: string) => findInText(parts, Buffer.from(text, 'latin1'));
  refusePlaceholderInPath(deps, looked);
  // All of it in one look; only what was found is looked for part by part.
  const { call, caller, address } = looked;
  const from = [call.headers, address, caller.placeholder, parts.table.revision, ...caller.withheld];
  if (call.memory.isHarmless.of(from, () => find(headText(looked)) === undefined)) return;
  eachText(looked, (kind, name, value) => {
    const inName = find(name);
    const hit = inName ?? find(value);
    if (hit === undefined) return;
    if (kind !== 'header') looked.hideAddress();
    const where = inName !== undefined || name === '' ? kind : `${kind} ${decodedName(name)}`;
    act(deps, looked, { hit, where });
  });
}

/** Headers and parameters with a placeholder are left out of what is sent; of a path nothing is. */
function refusePlaceholderInPath(deps: BrokerDeps, looked: LookedAtHead): void {
  if (!deps.authority.hasPlaceholders) return;
  const words = foreignPlaceholders(deps, looked);
  const label = words.find(Buffer.from(looked.address.path, 'latin1'), true);
  if (label === undefined) return;
  looked.hideAddress();
  act(deps, looked, { hit: { label }, where: 'path', placeholder: words.found });
}

/** The body of an allowed call, or the messages of its WebSocket, on their way. */
export function inspectFingerprints(deps: BrokerDeps, inspected: Inspected): Inspector | undefined {
  if (inspected.call.isWebSocket === true) return { messages: () => messagesLookedUp(deps, inspected) };
  if (inspected.call.body === undefined) return undefined;
  const { allowed, ...rest } = inspected;
  const { caller, service } = allowed;
  return {
    body: ({ headers }) => {
      const words = deps.authority.hasPlaceholders ? foreignPlaceholders(deps, allowed) : undefined;
      const parts = { table: deps.authority.fingerprints, needles: ownTokens(caller), more: words };
      const onHit = (hit: Hit) =>
        act(deps, { caller, service, ...rest }, { hit, where: 'body', placeholder: words?.found });
      const codings = codingsOf(headers);
      return codings.length === 0 ? lookupStage(parts, onHit) : decodingStage(codings, parts, onHit);
    },
  };
}

/** What is stored is asked for anew with each message: a WebSocket lives long. */
function messagesLookedUp(deps: BrokerDeps, { allowed, ...rest }: Inspected): MessageGuard {
  const { caller, service } = allowed;
  const needles = ownTokens(caller);
  let words: PlaceholderWords | undefined;
  const partsOf = () => {
    words = deps.authority.hasPlaceholders ? foreignPlaceholders(deps, allowed) : undefined;
    return { table: deps.authority.fingerprints, needles, more: words };
  };
  return lookupMessages(partsOf, (hit) =>
    act(deps, { caller, service, ...rest }, { hit, where: 'message', placeholder: words?.found }),
  );
}

/** All of them, each in lines of its own. */
function headText(looked: LookedAtHead): string {
  let text = '';
  eachText(looked, (_kind, name, value) => (text += `\n${name}\n${value}`));
  return text;
}

/** As they came. Headers and parameters with the caller's own token are left out of what is sent. */
function eachText(
  { call, caller, address }: Pick<LookedAtHead, 'call' | 'caller' | 'address'>,
  look: (kind: 'path' | 'query' | 'header', name: string, value: string) => void,
): void {
  const isWithheld = (text: string) => caller.withheld.some((token) => text.includes(token));
  look('path', '', address.path);
  for (const [at, [name, value]] of address.query.entries()) {
    if (!isWithheld(address.decodedQuery[at]?.[1] ?? value)) look('query', name, value);
  }
  for (const [name, value] of call.headers) {
    if (!isWithheld(value)) look('header', name.toLowerCase(), value);
  }
}

function decodedName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A placeholder for this very service may stand where a client repeats its key: it is worth nothing elsewhere. */
function ownTokens({ withheld, placeholder, token }: CallingAgent): readonly Needle[] {
  return withheld
    .filter((text) => placeholder === undefined || text !== token)
    .map((text) => ({ label: OWN_TOKEN, bytes: Buffer.from(text, 'latin1') }));
}

function foreignPlaceholders(
  deps: BrokerDeps,
  { caller, service }: Pick<Looked, 'caller' | 'service'>,
): PlaceholderWords {
  return new PlaceholderWords(
    deps,
    ({ agentId, serviceId }) => agentId === caller.agent.id && serviceId === service?.id,
  );
}

interface Found {
  readonly hit: Hit;
  readonly where: string;
  /** Undefined: it is something else. */
  readonly placeholder?: Placeholder | undefined;
}

/** Tells, and throws unless the service only wants to be told. */
function act(deps: BrokerDeps, looked: Looked, { hit, where, placeholder }: Found): void {
  const { caller, service, findings, call, waitFor } = looked;
  const owner = 'owner' in hit ? hit.owner : undefined;
  const isDecoy = owner?.isDecoy === true;
  const isBlocked = isDecoy || service?.protection.leaks.requests !== 'flag';
  const rule = 'label' in hit ? hit.label : isDecoy ? 'decoy' : 'secret';
  findings.add({ direction: 'request', guard: 'fingerprint', rule, action: isBlocked ? 'block' : 'flag' });
  if (placeholder !== undefined) {
    seenElsewhere(deps, call, service, { placeholder, where, principal: caller.principal });
  } else {
    const alarm = owner === undefined ? 'token-in-request' : isDecoy ? 'decoy-touched' : 'secret-in-request';
    const done = isDecoy ? 'agent-frozen' : isBlocked ? 'call-blocked' : 'told';
    tellGuardAlarm(deps, looked, { alarm, done, secretId: owner?.secretId, where });
  }
  if (owner !== undefined && isDecoy) {
    const name = deps.authority.secret(owner.secretId)?.name ?? owner.secretId;
    waitFor(deps.freezing.freezeAgent({ agentId: caller.agent.id, reason: `it sent the decoy ${name}` }));
  }
  if (isBlocked) throw refusal(owner, where);
}

/** Says nothing of whose value it is: that it is one tells the agent enough already. */
function refusal(owner: Owner | undefined, where: string): Problem {
  if (owner?.isDecoy === true) return frozenByDecoy();
  const what = owner === undefined ? 'token of this broker' : 'stored secret';
  const detail =
    where === 'message' // has to fit into the reason of a close
      ? `A ${what} stood in a message, which was not sent on. Leave it out, and tell an administrator.`
      : `In ${spokenPlace(where)} of the call stands a ${what}, so nothing of it was sent on. Retrying does not help; leave it out, and tell an administrator.`;
  return new Problem('secret-in-request', { detail });
}
