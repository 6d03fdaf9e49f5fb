// A body whose length nobody told before, counted on its way: it is cut where it is longer than its grant allows.
import { tooLong } from '../../core/constraint-check.ts';
import type { Inspector, Stage } from '../../core/inspection/stage.ts';
import type { BrokerDeps } from '../deps.ts';
import type { Inspected } from './inspected.ts';
import { unmetProblem } from '../refusal.ts';

export function inspectLength(_deps: BrokerDeps, { allowed }: Inspected): Inspector | undefined {
  const { caller, constraints, decision, service } = allowed;
  const { maxBodyBytes } = constraints;
  if (maxBodyBytes === undefined) return undefined;
  const whose = { agent: caller.agent.name, service: service.name, revision: decision.grantRevision };
  return { body: () => counting(maxBodyBytes, () => unmetProblem(tooLong(maxBodyBytes), whose)) };
}

function counting(mostBytes: number, problem: () => Error): Stage {
  let bytes = 0;
  return {
    changesLength: false,
    push(chunk) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw problem();
      return chunk;
    },
    end: () => Buffer.alloc(0),
  };
}
