// What is done about content that was found: told by its class, and refused where the service says so.
import type { ContentAction } from '../../core/content/classes.ts';
import type { Direction } from '../../core/inspection/finding.ts';
import { Problem } from '../../core/problem.ts';
import type { Inspected } from './inspected.ts';
import { spokenPlace } from './told-place.ts';

export type OnMatch = (rule: string, action: ContentAction) => void;

/** Tells of a match, and refuses where the service says so. */
export function noting({ allowed, findings }: Inspected, direction: Direction, where: string): OnMatch {
  return (rule, action) => {
    if (action !== 'off') findings.add({ direction, guard: 'content', rule, action });
    if (action === 'block') throw blocked(allowed.service.name, { direction, rule, where });
  };
}

function blocked(
  service: string,
  {
    direction,
    rule,
    where,
  }: { readonly direction: Direction; readonly rule: string; readonly where: string },
): Problem {
  if (where === 'message') {
    // It has to fit into the reason of a close.
    const kept = direction === 'request' ? 'was not sent on' : 'is not handed on';
    const detail = `A message held content of a kind that ${kept} (${rule}).`;
    return new Problem('content-blocked', { detail, extensions: { rule } });
  }
  const said =
    direction === 'request'
      ? `In ${spokenPlace(where)} of the call stands content that ${service} does not take (${rule}). It was not sent on. Leave it out.`
      : `The answer of ${service} held content that it may not hand on (${rule}), so it was cut. The call itself was made: do not repeat it for that.`;
  return new Problem('content-blocked', { detail: said, extensions: { rule } });
}
