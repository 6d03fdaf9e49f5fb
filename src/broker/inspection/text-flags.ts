// What was found in the text of a call, for the header `doorward-flags`: a list of tokens with parameters (RFC 9651 §3.1), which
// tells rules and never a word of the text.
import type { Findings } from '../../core/inspection/finding.ts';

const MAX_TOLD = 16;

/** Undefined: nothing. */
export function textFlags(findings: Findings): string | undefined {
  if (findings.isEmpty) return undefined;
  const told = findings.list().filter(({ guard }) => guard === 'text' || guard === 'schema');
  if (told.length === 0) return undefined;
  return told
    .slice(0, MAX_TOLD)
    .map(({ direction, rule, action, count }) => `${rule};in=${direction};action=${action};count=${count}`)
    .join(', ');
}
