// One send of a call: decided, put on record, its credential opened, exchanged. A call has one, and a second only while its
// secret is being rotated; each has an intent and an outcome of its own.
import type { Constraints } from '../core/constraints.ts';
import type { Service } from '../core/entities.ts';
import { mayAsk } from '../core/protection/model-text.ts';
import type { Credential } from '../vault/credential.ts';
import type { CallingAgent } from './caller.ts';
import { approve, askAboutAnswer, asksPeople, holdToAsk } from './approve.ts';
import type { Answer, BrokeredCall } from './call.ts';
import type { CallBody } from './call-body.ts';
import { decideRuledBody, isBodyRuled } from './body-rules.ts';
import { type Allowed, changedProblem, decideCall, recheck, type Target, undecidable } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import { exchange, versionGone } from './exchange.ts';
import { inject } from './inject.ts';
import { inspectRequest } from './inspection/inspectors.ts';
import type { CallRecord } from './record.ts';
import {
  isRetried,
  maySend,
  mayNeedAnother,
  otherVersion,
  requireCurrent,
  type SecretVersion,
  sendsToken,
} from './versions.ts';

export interface SendParts {
  readonly call: BrokeredCall;
  readonly body: CallBody;
  readonly caller: CallingAgent;
  readonly target: Target;
  readonly answer: Answer;
  /** Of this send. */
  readonly record: CallRecord;
}

/** Why the call is sent once more. */
export interface Again {
  /** What the send before was for: nothing else is sent instead of it. */
  readonly service: Service;
  /** Of the grant that allowed it. */
  readonly constraints: Constraints;
  /** Answered 401: then `version` is tried, and whatever it is answered is the answer. */
  readonly refused: SecretVersion | undefined;
  /** Undefined: the current one. */
  readonly version: SecretVersion | undefined;
}

/** Undefined: answered. Throws the problem that the caller gets. */
export async function send(deps: BrokerDeps, parts: SendParts, again?: Again): Promise<Again | undefined> {
  const { call, body, record } = parts;
  if (!deps.lease.isValid()) await deps.lease.regain();
  let allowed =
    again === undefined ? decideCall(deps, parts.caller, parts.target) : decideAgain(deps, parts, again);
  if (again === undefined) {
    if (isBodyRuled(allowed, body)) allowed = await decideRuledBody(deps, parts, allowed);
    if (asksPeople(allowed)) await holdToAsk(body);
  }
  // Limits (admit) stand here: between the decision and the intent.
  const fetching = again?.version === undefined ? deps.minting.ready(allowed.service.secretId) : undefined;
  if (fetching !== undefined) await fetching;
  const version = again?.version ?? versionToSend(deps, allowed.service);
  if (needsHolding(deps, allowed, body)) await body.hold();
  const preparing = guardsReady(deps, allowed.service);
  if (preparing !== undefined) await preparing;
  if (again === undefined) {
    inspectRequest(deps, record.inspected(allowed), body);
    if (asksPeople(allowed)) await approve(deps, parts, allowed);
  }
  const epoch = await record.begin(allowed, version, body);
  if (epoch > allowed.epoch) {
    await deps.authority.syncTo(epoch);
    allowed = decideAgain(deps, parts, allowed); // the intent names this service: nothing else may be sent under it
    await guardsReady(deps, allowed.service);
  }
  requireApproved(record, allowed);
  const { service, constraints } = allowed;
  const { credential, release } = deps.credentials.opened(service) ?? (await deps.credentials.open(service));
  try {
    if (needsHolding(deps, allowed, body)) await body.hold(); // promoted since the intent
    if (!deps.lease.isValid()) await deps.lease.regain();
    const gone = recheck(deps, allowed); // rights may have changed while the credential was opened
    if (gone !== undefined) throw gone;
    const refused = again?.refused;
    if (!maySend(deps, service, version) || !credential.canPlace(version.id)) {
      record.ended('refused', versionGone());
      return { service, constraints, refused, version: undefined };
    }
    const outgoing = inject(allowed, credential, { call, body, version, vaultId: deps.authority.vaultId });
    if (refused !== undefined && again?.version !== undefined) record.fellBack(allowed, refused, version);
    const instead = () =>
      afterRefusal(deps, { allowed, credential, version, body, isLast: refused !== undefined });
    const isCurrent = deps.authority.secret(service.secretId)?.current?.id === version.id;
    const secretVersion = refused === undefined ? undefined : isCurrent ? 'current' : 'previous';
    const exchanged = exchange(deps, {
      call,
      body,
      answer: parts.answer,
      record,
      allowed,
      version,
      credential,
      outgoing,
      instead,
      secretVersion,
    });
    const end = await (asksPeople(allowed)
      ? askAboutAnswer(deps, { call, body, record, allowed }, exchanged)
      : exchanged);
    if (end === 'answered') return undefined;
    if (end === 'version-gone') return { service, constraints, refused, version: undefined };
    // With a token the version is chosen anew: fetching another one may have made one.
    return { service, constraints, refused: version, version: credential.serial === '' ? end : undefined };
  } finally {
    release();
  }
}

/** Rules that some services want are loaded when the first of them is called. */
function guardsReady({ content, texts }: BrokerDeps, { protection }: Service): Promise<unknown> | undefined {
  const isShown = mayAsk(protection.text);
  const preparing = isShown ? content.prepareMasks() : content.prepare(protection.content);
  const readying = texts.prepare(protection.text);
  if (preparing === undefined || readying === undefined) return preparing ?? readying;
  return Promise.all([preparing, readying]);
}

/** What was approved was approved under this grant as it was. */
function requireApproved({ asking }: CallRecord, { decision }: Allowed): void {
  const isSame = asking.grant?.id === decision.grant && asking.grant.revision === decision.grantRevision;
  if (asking.approvals.length > 0 && !isSame) throw changedProblem('grant');
}

/** Of a secret that is exchanged for access tokens, the one that there is a token of. Throws `secret-unavailable`. */
function versionToSend(deps: BrokerDeps, service: Service): SecretVersion {
  return deps.minting.versionOf(service.secretId) ?? requireCurrent(deps, service);
}

/** So that it can be sent again. For a token that may turn out to be refused, only a body whose end is near. */
function needsHolding(deps: BrokerDeps, { service, target }: Allowed, body: CallBody): boolean {
  const { method } = target;
  const mayRefetch = sendsToken(deps, service) && body.isSized && isRetried(service, method);
  return mayRefetch || mayNeedAnother(deps, service, method);
}

interface Refusal {
  readonly allowed: Allowed;
  readonly credential: Credential;
  readonly version: SecretVersion;
  readonly body: CallBody;
  /** It was sent again already. */
  readonly isLast: boolean;
}

/** What to try after a 401: another access token for the same version, or the version before within its grace period. */
function afterRefusal(deps: BrokerDeps, refusal: Refusal): SecretVersion | undefined {
  const { allowed, credential, version, body, isLast } = refusal;
  const { service, target } = allowed;
  const { method } = target;
  const mayRepeat = !isLast && body.canBeSentAgain;
  if (credential.serial === '')
    return mayRepeat ? otherVersion(deps, { service, method }, version) : undefined;
  if (isLast || !deps.minting.refuse(service.secretId, credential.serial)) return undefined;
  return mayRepeat && isRetried(service, method) ? version : undefined;
}

/** As memory stands now. Throws also where the service is not what it was, or the grant asks for what can not be told any more. */
function decideAgain(
  deps: BrokerDeps,
  { caller, target, call }: SendParts,
  before: Pick<Again, 'service' | 'constraints'>,
): Allowed {
  const service = deps.authority.serviceByName(call.service);
  const allowed = decideCall(deps, caller, { ...target, service });
  const { id, revision } = before.service;
  if (allowed.service.id !== id || allowed.service.revision !== revision) throw changedProblem('service');
  const problem = undecidable(deps, allowed, before.constraints);
  if (problem !== undefined) throw problem;
  return allowed;
}
