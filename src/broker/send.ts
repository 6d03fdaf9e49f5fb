// One send of a call: decided, put on record, its credential opened, exchanged. A call has one, and a second only while its
// secret is being rotated; each has an intent and an outcome of its own.
import type { Service } from '../core/entities.ts';
import { Problem } from '../core/problem.ts';
import type { CallingAgent } from './authenticate.ts';
import type { Answer, BrokeredCall } from './call.ts';
import type { CallBody } from './call-body.ts';
import { type Allowed, decideCall, recheck, type Target } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import { exchange, versionGone } from './exchange.ts';
import { inject } from './inject.ts';
import type { CallRecord } from './record.ts';
import { maySend, mayNeedAnother, otherVersion, requireCurrent, type SecretVersion } from './versions.ts';

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
  /** Answered 401: then `version` is tried, and whatever it is answered is the answer. */
  readonly refused: SecretVersion | undefined;
  /** Undefined: the current one. */
  readonly version: SecretVersion | undefined;
}

/** Undefined: answered. Throws the problem that the caller gets. */
export async function send(deps: BrokerDeps, parts: SendParts, again?: Again): Promise<Again | undefined> {
  const { call, body, record } = parts;
  let allowed =
    again === undefined ? decideCall(deps, parts.caller, parts.target) : decideAgain(deps, parts, again);
  // Limits (admit) and human approval (approve) stand here: between the decision and the intent.
  const version = again?.version ?? requireCurrent(deps, allowed.service);
  const { method } = allowed.target;
  if (mayNeedAnother(deps, allowed.service, method)) await body.hold();
  const epoch = await record.begin(allowed, version, body);
  if (epoch > allowed.epoch) {
    await deps.authority.syncTo(epoch);
    allowed = decideAgain(deps, parts, allowed); // the intent names this service: nothing else may be sent under it
  }
  const { service } = allowed;
  const { credential, release } = await deps.credentials.open(service);
  try {
    if (mayNeedAnother(deps, service, method)) await body.hold(); // promoted since the intent
    const gone = recheck(deps, allowed); // rights may have changed while the credential was opened
    if (gone !== undefined) throw gone;
    const refused = again?.refused;
    if (!maySend(deps, service, version)) {
      record.ended('refused', versionGone());
      return { service, refused, version: undefined };
    }
    const outgoing = inject(allowed, credential, { call, body, version, vaultId: deps.authority.vaultId });
    if (refused !== undefined) record.fellBack(allowed, refused, version);
    const instead = () =>
      refused === undefined && body.canBeSentAgain
        ? otherVersion(deps, { service, method }, version)
        : undefined;
    const isCurrent = deps.authority.secret(service.secretId)?.current?.id === version.id;
    const secretVersion = refused === undefined ? undefined : isCurrent ? 'current' : 'previous';
    const end = await exchange(deps, {
      ...parts,
      allowed,
      version,
      credential,
      outgoing,
      instead,
      secretVersion,
    });
    if (end === 'answered') return undefined;
    if (end === 'version-gone') return { service, refused, version: undefined };
    return { service, refused: version, version: end };
  } finally {
    release();
  }
}

/** As memory stands now. Throws also where the service is not what it was. */
function decideAgain(
  deps: BrokerDeps,
  { caller, target, call }: SendParts,
  before: { readonly service: Service },
): Allowed {
  const service = deps.authority.serviceByName(call.service);
  const allowed = decideCall(deps, caller, { ...target, service });
  const { id, revision } = before.service;
  if (allowed.service.id === id && allowed.service.revision === revision) return allowed;
  throw new Problem('not-ready', {
    detail: 'The service changed while the call was on its way. Try again.',
  });
}
