// A brokered call, top to bottom. Decide before inject, audit before send, one exit records.
import { Problem } from '../core/problem.ts';
import type { RefusalShape } from '../core/service.ts';
import { isDatabaseUnavailable } from '../store/errors.ts';
import { frozenByDecoy, touchDecoy } from '../vault/decoys.ts';
import { authenticate } from './authenticate.ts';
import type { CallingAgent } from './caller.ts';
import type { Answer, BrokeredCall } from './call.ts';
import { CallBody } from './call-body.ts';
import { findTarget } from './decide.ts';
import type { BrokerDeps } from './deps.ts';
import { resultOf } from './exchange.ts';
import { lookInHead } from './inspection/inspect-fingerprints.ts';
import { addressBelow } from './path-slot.ts';
import { CallRecord } from './record.ts';
import { send } from './send.ts';

/** Answers `call`. Never throws: a failure is a problem in the answer, or cuts one that has begun. */
export async function broker(deps: BrokerDeps, call: BrokeredCall, answer: Answer): Promise<void> {
  let record = new CallRecord(deps, call);
  const body = new CallBody(deps.heldBodies, call);
  try {
    const service = deps.authority.serviceByName(call.service);
    const authenticating = authenticate(deps, call, service);
    const caller = authenticating instanceof Promise ? await authenticating : authenticating;
    record.caller = caller;
    if (service?.protection.decoy === true) {
      const { agent, principal } = caller;
      const { request, client } = call;
      await touchDecoy(deps, service, { agent, principal, request, client, where: 'call' });
      throw frozenByDecoy();
    }
    const address = addressBelow(deps, call.address, { service, caller });
    const isGranted =
      service !== undefined && deps.authority.grant(caller.agent.id, service.id) !== undefined;
    const target = findTarget(call, body, { service, address, isGranted });
    record.target = target;
    lookInHead(deps, {
      call,
      caller,
      service: isGranted ? service : undefined,
      address: target.address,
      hideAddress: () => record.hideAddress(),
      findings: record.findings,
      waitFor: record.waitFor,
    });
    const parts = { call, body, caller, target, answer };
    let again = await send(deps, { record, ...parts });
    while (again !== undefined) {
      record.finish();
      record = record.again();
      const sending = send(deps, { record, ...parts }, again);
      deps.live.finishing(sending.catch(() => undefined)); // so that a shutdown does not come between two sends
      again = await sending;
    }
  } catch (error) {
    const problem = toProblem(deps, error);
    record.ended(resultOf(problem), problem);
    await record.settled();
    if (answer.hasBegun) answer.abort();
    else answer.problem(problem, shapeFor(deps, call, record.caller));
  } finally {
    record.finish();
    body.release();
  }
}

/** Whose words a refusal is in is told only to callers who may know that there is such a service. */
function shapeFor(
  { authority }: BrokerDeps,
  call: BrokeredCall,
  caller: CallingAgent | undefined,
): RefusalShape | undefined {
  const service = authority.serviceByName(call.service);
  const isKnown = service !== undefined && caller !== undefined;
  if (!isKnown || authority.grant(caller.agent.id, service.id) === undefined) return undefined;
  return service.refusalShape ?? undefined;
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
