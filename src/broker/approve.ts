// Step 5: what a rule on text wants a person to look at. A call waits for its approval, and an answer that was held back raises
// a question of its own; either is about this very call, to the last bit that reaches the upstream.
import { type ApprovedCall, sortedRules } from '../core/approval.ts';
import { Problem } from '../core/problem.ts';
import { mayAsk } from '../core/protection/model-text.ts';
import { baseUrlText } from '../core/service.ts';
import type { Direction } from '../core/inspection/finding.ts';
import type { Approval } from '../vault/approvals.ts';
import type { BrokeredCall } from './call.ts';
import { bodyTooSlow, type CallBody, MAX_HELD_BODY_BYTES, WHOLE_BODY_LIMIT_MS } from './call-body.ts';
import type { Allowed } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import type { ExchangeEnd } from './exchange.ts';
import { excerptsOf, withoutKeys } from './excerpt.ts';
import { forwarded } from './inject.ts';
import type { CallRecord } from './record.ts';

/** More that let an answer pass are not taken at once. */
const MAX_OF_ANSWER = 8;

interface AskingParts {
  readonly call: BrokeredCall;
  readonly body: CallBody;
  readonly record: CallRecord;
}

/** Whether somebody may be asked about this call. Nobody is about the messages of a WebSocket: there it is refused instead. */
export function asksPeople({ service, target }: Allowed): boolean {
  return !target.isWebSocket && mayAsk(service.protection.text);
}

/** Holds the body, which is part of what is approved. Throws `body-too-large`, `request-timeout` or `not-ready`. */
export async function holdToAsk(body: CallBody): Promise<void> {
  if (body.canBeSentAgain) return;
  await body.hold(WHOLE_BODY_LIMIT_MS);
  if (body.held !== undefined) return;
  if (body.isTooSlow) throw bodyTooSlow('the call can go out');
  throw body.isTooLong
    ? new Problem('body-too-large', {
        detail: `A person may have to approve calls of this service, and only one with a body of at most ${MAX_HELD_BODY_BYTES} bytes can be approved.`,
      })
    : new Problem('not-ready', {
        detail:
          'The body must be read whole before the call can go out, and too many are read at once. Try again.',
      });
}

/**
 * Finds what was approved of this very call, once its guards have looked at all of it. Throws `approval-required`,
 * `approval-pending`, `approval-denied` or `too-many-pending`.
 */
export async function approve(deps: BrokerDeps, parts: AskingParts, allowed: Allowed): Promise<void> {
  const { asking, findings } = parts.record;
  const call = approvedCall(deps, parts, allowed);
  const known = await deps.approvals.ofCall(deps.approvals.digestOf(call));
  const ofAnswer = known.filter(({ direction, state }) => direction === 'answer' && state === 'approved');
  const asked = asking.asked('request');
  const rules = sortedRules(asked.map(({ rule }) => rule));
  const answered = known.find((one) => one.direction === 'request' && isSame(one.rules, rules));
  const isApproved = answered?.state === 'approved';
  for (const { guard, rule } of asked) {
    const found = { direction: 'request', guard, rule } as const;
    findings.add(
      isApproved ? { ...found, action: 'flag', approval: answered.id } : { ...found, action: 'ask' },
    );
  }
  if (asked.length > 0 && !isApproved) {
    const approval = answered ?? (await ask(deps, { ...parts, allowed, approved: call }, 'request'));
    asking.question = approval.id;
    throw waiting(approval, rules);
  }
  asking.grant = call.grant;
  asking.approvals = [...(answered === undefined ? [] : [answered]), ...ofAnswer.slice(0, MAX_OF_ANSWER)];
}

/** Waits for an exchange. Where its answer was held back for a person, the question is put before the caller hears of it. */
export async function askAboutAnswer(
  deps: BrokerDeps,
  parts: AskingParts & { readonly allowed: Allowed },
  exchanged: Promise<ExchangeEnd>,
): Promise<ExchangeEnd> {
  const { asking, waitFor } = parts.record;
  const put = async (): Promise<Approval | undefined> => {
    if (!asking.isHeldBack) return undefined;
    const putting = askOfAnswer(deps, parts);
    waitFor(putting);
    return await putting;
  };
  try {
    const end = await exchanged;
    await put();
    return end;
  } catch (error) {
    const approval = await put();
    if (approval === undefined) throw error;
    throw heldBack(parts.allowed.service.name, approval);
  }
}

/** Undefined: it can not be put now, and the answer is held back all the same. */
async function askOfAnswer(
  deps: BrokerDeps,
  parts: AskingParts & { readonly allowed: Allowed },
): Promise<Approval | undefined> {
  try {
    const approved = approvedCall(deps, parts, parts.allowed);
    const approval = await ask(deps, { ...parts, approved }, 'answer');
    parts.record.asking.question = approval.id;
    return approval;
  } catch (error) {
    deps.log.warn({ error }, 'nobody could be asked about an answer');
    return undefined;
  }
}

interface QuestionParts extends Pick<AskingParts, 'call' | 'record'> {
  readonly allowed: Allowed;
  readonly approved: ApprovedCall;
}

async function ask(
  deps: BrokerDeps,
  { call: { request, client }, record, allowed, approved }: QuestionParts,
  direction: Direction,
): Promise<Approval & { readonly isNew: boolean }> {
  const { asking, findings } = record;
  const asked = asking.asked(direction);
  // What let a part of the answer pass is used up: the next approval has to be for all of it.
  const before = direction === 'answer' ? asking.passed : [];
  // A stored secret that was let through is shown to nobody, wherever it stands.
  const hasSecret = findings.list().some(({ guard }) => guard === 'fingerprint');
  const base = baseUrlText(allowed.service);
  const url = hasSecret
    ? `${base} (a stored secret stands in the call, so no more of it is shown)`
    : base + withoutKeys(deps, approved.path + approved.query);
  const { principal } = allowed.caller;
  return await deps.approvals.ask({
    call: approved,
    callDigest: deps.approvals.digestOf(approved),
    direction,
    rules: [...asked.map(({ rule }) => rule), ...before],
    shown: { url, excerpts: hasSecret ? [] : excerptsOf(deps, asked) },
    asking: { principal, request, client },
  });
}

/** Everything that reaches the upstream but the credential, as it stands after the guards of the request. */
function approvedCall(deps: BrokerDeps, { call, body }: AskingParts, allowed: Allowed): ApprovedCall {
  const { caller, service, target, decision } = allowed;
  const { headers, query } = forwarded(call, allowed);
  const bytes = body.held ?? Buffer.alloc(0);
  return {
    agent: { id: caller.agent.id, generation: caller.agent.generation },
    placeholder: caller.placeholder?.runId === undefined ? (caller.placeholder?.id ?? null) : null,
    service: { id: service.id, revision: service.revision },
    grant: { id: decision.grant, revision: decision.grantRevision },
    method: target.method,
    path: target.address.path,
    query: query.length === 0 ? '' : `?${query.join('&')}`,
    headers,
    body: { hash: deps.fieldHash(bytes), bytes: bytes.length },
  };
}

function isSame(rules: readonly string[], others: readonly string[]): boolean {
  return rules.length === others.length && rules.every((rule, at) => rule === others[at]);
}

function waiting(
  { id, state, isNew = false }: Approval & { readonly isNew?: boolean },
  rules: readonly string[],
): Problem {
  const extensions = { approval: id, rule: rules.join(' ') };
  if (state === 'denied') {
    return new Problem('approval-denied', {
      detail: `A person looked at this call and denied it (${id}). It was not sent on. Do not repeat it.`,
      extensions,
    });
  }
  const next = `Wait until somebody has approved it (doorward approval approve ${id}), then repeat exactly this call.`;
  return new Problem(isNew ? 'approval-required' : 'approval-pending', {
    detail: isNew
      ? `The call holds text that a person has to look at first (${rules.join(', ')}). It was not sent on. ${next}`
      : `This call still waits for a person. It was not sent on. ${next}`,
    extensions,
  });
}

function heldBack(service: string, { id, rules, state }: Approval): Problem {
  const held = `The answer of ${service} held text that a person has to look at first (${rules.join(', ')}), so it is not handed on. The call itself was made.`;
  const next =
    state === 'denied'
      ? `Somebody denied that it passes (${id}): do not repeat it for that.`
      : `Once somebody has approved it (doorward approval approve ${id}), the next answer to exactly this call may hold such text; that makes the call once more.`;
  return new Problem('text-blocked', {
    detail: `${held} ${next}`,
    extensions: { approval: id, rule: rules.join(' ') },
  });
}
