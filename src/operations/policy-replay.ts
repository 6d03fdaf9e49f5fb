// Recorded calls decided anew, as if a grant or the guards of a service were changed. Nothing is changed by it.
import type { z } from 'zod';
import { parsePattern } from '../core/address-pattern.ts';
import type { Agent, Grant, Service } from '../core/entities.ts';
import { Problem } from '../core/problem.ts';
import {
  agentText,
  type RecordedCall,
  readRecordedCalls,
  serviceTexts,
} from '../vault/audit/recorded-calls.ts';
import { noteRead } from './audit.ts';
import { policyReplay, type Replay } from './contracts/replays.ts';
import {
  decideAgain,
  imaginedGrant,
  inSlices,
  NOT_RECORDED,
  type Replaced,
  serviceOf,
  wasRefusedByPolicy,
} from './decide-again.ts';
import { changedCover } from './grant-constraints.ts';
import { patternsOf } from './grants.ts';
import { type OperationDeps, reading } from './operation.ts';

interface Changed {
  readonly service: Service;
  /** Whose grant is made or changed; undefined: guards are, for everybody. */
  readonly agent: Agent | undefined;
  /** As it would be; undefined: each agent's as it is. */
  readonly grant: Grant | undefined;
  readonly guards: Service['guards'];
}

const MAX_EXAMPLES = 20;

export const replayPolicy = reading(policyReplay, async (deps, input, caller) => {
  const changed = toChanged(deps, input);
  const { service, agent } = changed;
  await noteRead(deps, caller, `policy.replay ${service.name}`);
  const since = new Date(input.since);
  const { calls, cutAt } = await readRecordedCalls(deps, {
    since,
    texts: agent === undefined ? serviceTexts(service) : [agentText(agent.id)],
  });
  const tally = new Tally(deps);
  for await (const slice of inSlices(calls)) {
    for (const call of slice) {
      if (serviceOf(deps, call)?.id !== service.id) continue;
      tally.add(call, presentOf(deps, call, service), proposedOf(deps, call, changed));
    }
  }
  return {
    since: since.toISOString(),
    cutAt: cutAt?.toISOString() ?? null,
    notRecorded: [...NOT_RECORDED],
    ...tally.told(),
  };
});

/** Throws `not-found` or `invalid-input`. */
function toChanged({ authority }: OperationDeps, input: z.output<(typeof policyReplay)['input']>): Changed {
  const { allow, constraints, deny } = input;
  const service = authority.serviceByName(input.service);
  if (service === undefined) {
    throw new Problem('not-found', { detail: `There is no service named ${input.service}.` });
  }
  const agent = input.agent === undefined ? undefined : authority.agentByName(input.agent);
  if (input.agent !== undefined && agent === undefined) {
    throw new Problem('not-found', { detail: `There is no agent named ${input.agent}.` });
  }
  const isOfGrant = allow !== undefined || constraints !== undefined;
  if (!isOfGrant && deny === undefined) {
    throw new Problem('invalid-input', {
      detail:
        'Name what would be changed: allow or constraints, of the grant of an agent, or deny, of the service.',
    });
  }
  if (isOfGrant && agent === undefined) {
    throw new Problem('invalid-input', { detail: 'agent: needed to say whose grant would cover that.' });
  }
  const present = agent === undefined ? undefined : authority.grant(agent.id, service.id);
  const before = agent === undefined ? undefined : (present ?? imaginedGrant(agent.id, service.id));
  const asked = {
    allow: allow === undefined ? undefined : patternsOf(allow),
    constraints: constraints ?? {},
  };
  return {
    service,
    agent,
    grant: before === undefined || !isOfGrant ? undefined : changedGrant(before, asked, service),
    guards: deny?.map((text) => parsePattern(text)) ?? service.guards,
  };
}

function changedGrant(before: Grant, asked: Parameters<typeof changedCover>[1], service: Service): Grant {
  const covered = { allow: before.allow?.map(({ text }) => text) ?? null, constraints: before.constraints };
  const { allow, constraints } = changedCover(covered, asked, service.catalogueId);
  return { ...before, constraints, allow: allow?.map((text) => parsePattern(text)) };
}

function presentOf({ authority }: OperationDeps, call: RecordedCall, service: Service): Replaced {
  return { service, grant: authority.grant(call.agent, service.id) };
}

function proposedOf(deps: OperationDeps, call: RecordedCall, changed: Changed): Replaced {
  const service = { ...changed.service, guards: changed.guards };
  return { service, grant: changed.grant ?? presentOf(deps, call, service).grant };
}

type Example = Replay['examples'][number];

class Tally {
  readonly #deps: OperationDeps;
  readonly #examples = new Map<string, Example>();
  #calls = 0;
  #wouldRefuse = 0;
  #refusedAlready = 0;
  #wouldAllow = 0;

  constructor(deps: OperationDeps) {
    this.#deps = deps;
  }

  add(call: RecordedCall, present: Replaced, proposed: Replaced): void {
    const now = decideAgain(this.#deps, call, present);
    const then = decideAgain(this.#deps, call, proposed);
    if (now === undefined || then === undefined) return;
    this.#calls += 1;
    if (call.refusal === undefined && then.effect === 'deny') {
      this.#wouldRefuse += 1;
      if (now.effect === 'deny') this.#refusedAlready += 1;
      this.#note(call, 'deny', then.rule === 'guard' ? `guard ${then.guard}` : then.rule);
    } else if (wasRefusedByPolicy(call) && then.effect === 'allow') {
      this.#wouldAllow += 1;
      this.#note(call, 'allow', then.rule);
    }
  }

  #note(call: RecordedCall, effect: Example['effect'], rule: string): void {
    const agent = this.#deps.authority.agent(call.agent)?.name ?? '';
    const { method } = call;
    const { path } = call.address;
    const key = [effect, agent, method, path].join(' ');
    const known = this.#examples.get(key);
    // Calls come newest first: the first of its kind is the last that was made.
    const lastAt = known?.lastAt ?? call.at.toISOString();
    this.#examples.set(key, { effect, agent, method, path, calls: (known?.calls ?? 0) + 1, rule, lastAt });
  }

  told(): Pick<Replay, 'calls' | 'wouldRefuse' | 'refusedAlready' | 'wouldAllow' | 'examples'> {
    const examples = [...this.#examples.values()].toSorted(
      (one, other) =>
        Number(one.effect === 'allow') - Number(other.effect === 'allow') || other.calls - one.calls,
    );
    return {
      calls: this.#calls,
      wouldRefuse: this.#wouldRefuse,
      refusedAlready: this.#refusedAlready,
      wouldAllow: this.#wouldAllow,
      examples: examples.slice(0, MAX_EXAMPLES),
    };
  }
}
