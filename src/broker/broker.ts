// A brokered call, top to bottom. Decide before inject, audit before send, one exit records.
import type { Service } from '../core/entities.ts';
import { Problem } from '../core/problem.ts';
import { isDatabaseUnavailable } from '../store/errors.ts';
import { authenticate } from './authenticate.ts';
import type { Answer, BrokeredCall } from './call.ts';
import { decideCall, findTarget, recheck } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import { exchange, resultOf } from './exchange.ts';
import { inject } from './inject.ts';
import { CallRecord } from './record.ts';

/** Answers `call`. Never throws: a failure is a problem in the answer, or cuts one that has begun. */
export async function broker(deps: BrokerDeps, call: BrokeredCall, answer: Answer): Promise<void> {
  const record = new CallRecord(deps, call);
  let release = () => {};
  try {
    const service = deps.authority.serviceByName(call.service);
    const caller = await authenticate(deps, call, service);
    record.caller = caller;
    const target = findTarget(call, service);
    record.target = target;
    let allowed = decideCall(deps, caller, target);
    // Limits (admit) and human approval (approve) stand here: between the decision and the intent.
    const epoch = await record.begin(allowed);
    if (epoch > allowed.epoch) {
      await deps.authority.syncTo(epoch);
      const again = decideCall(deps, caller, {
        ...target,
        service: deps.authority.serviceByName(call.service),
      });
      // The intent names what was decided first: nothing else may be sent under it.
      if (!isSameService(again.service, allowed.service)) throw serviceChanged();
      allowed = again;
    }
    const opened = await deps.credentials.open(allowed.service);
    release = opened.release;
    const gone = recheck(deps, allowed); // rights may have changed while the credential was opened
    if (gone !== undefined) throw gone;
    const outgoing = inject(allowed, opened.credential, { call, vaultId: deps.authority.vaultId });
    await exchange(deps, { allowed, credential: opened.credential, outgoing, answer, record });
  } catch (error) {
    const problem = toProblem(deps, error);
    record.ended(resultOf(problem), problem);
    if (answer.hasBegun) answer.abort();
    else answer.problem(problem);
  } finally {
    release();
    deps.live.finishing(
      record.finish().catch((error: unknown) => deps.log.error({ error }, 'an outcome was not recorded')),
    );
  }
}

function isSameService(one: Service, other: Service): boolean {
  return one.id === other.id && one.revision === other.revision;
}

function serviceChanged(): Problem {
  return new Problem('not-ready', {
    detail: 'The service changed while the call was on its way. Try again.',
  });
}

function toProblem(deps: BrokerDeps, error: unknown): Problem {
  if (error instanceof Problem) {
    const { code, internal } = error;
    if (internal !== undefined && error.fault === 'vault')
      deps.log.warn({ code, internal }, 'a call was not made');
    return error;
  }
  if (isDatabaseUnavailable(error)) {
    deps.log.warn({ error }, 'a call was not made');
    return new Problem('database-unavailable', { cause: error });
  }
  deps.log.error({ error }, 'a call failed');
  return new Problem('internal', { cause: error });
}
