// Approvals: a person's answer to one exact call. What the call is made of, what the question is, how long each state lasts, and
// how text from elsewhere is shown to whoever decides.
import type { JsonValue } from './canonical-json.ts';
import type { HeaderPairs } from './headers.ts';
import type { Id } from './ids.ts';
import type { Direction } from './inspection/finding.ts';
import { addSeconds } from './time.ts';

/** A question that nobody answers lapses, an approval that is not used ends, and a denial stands for this long. */
const PENDING_SECONDS = 3600;
const GOOD_SECONDS = 600;
const DENIED_SECONDS = 3600;

export type ApprovalState = 'pending' | 'approved' | 'denied' | 'used' | 'lapsed';

/** Everything that reaches the upstream, and what it was decided by: another bit is another call. */
export interface ApprovedCall {
  readonly agent: { readonly id: Id<'agt'>; readonly generation: number };
  /** What the agent showed who it is with, where that lasts. Not its run: whoever waited may be started anew to repeat the call. */
  readonly placeholder: Id<'plh'> | null;
  readonly service: { readonly id: Id<'svc'>; readonly revision: number };
  readonly grant: { readonly id: Id<'grt'>; readonly revision: number };
  readonly method: string;
  /** Canonical. */
  readonly path: string;
  readonly query: string;
  /** As they are forwarded, without the credential. */
  readonly headers: HeaderPairs;
  /** `hash`: keyed, as in the audit log. */
  readonly body: { readonly hash: string; readonly bytes: number };
}

/** What a person is shown: made of the bytes that were hashed, filtered, and inert. */
export interface ShownCall {
  readonly method: string;
  readonly url: string;
  readonly isUrlCut: boolean;
  readonly body: { readonly hash: string; readonly bytes: number };
  readonly excerpts: readonly Excerpt[];
}

/** The surroundings of one finding. */
export interface Excerpt {
  readonly rule: string;
  readonly text: string;
  readonly isCut: boolean;
}

/** The one form of a call; written out, so that nothing is left out of it by accident. */
export function callForm(call: ApprovedCall): JsonValue {
  const { agent, service, grant, body } = call;
  return [
    [agent.id, agent.generation],
    call.placeholder,
    [service.id, service.revision],
    [grant.id, grant.revision],
    [call.method, call.path, call.query],
    call.headers.map(([name, value]) => [name, value]),
    [body.hash, body.bytes],
  ];
}

/** What makes a question about a call the same question. */
export function questionForm(callDigest: Buffer, direction: Direction, rules: readonly string[]): JsonValue {
  return [callDigest.toString('hex'), direction, sortedRules(rules)];
}

export function sortedRules(rules: readonly string[]): string[] {
  return [...new Set(rules)].sort();
}

/** What states are told by. */
export interface ApprovalMoments {
  readonly createdAt: Date;
  readonly decision: 'approved' | 'denied' | null;
  readonly decidedAt: Date | null;
  readonly usedAt: Date | null;
}

export function approvalState(row: ApprovalMoments, now: Date): ApprovalState {
  if (row.usedAt !== null) return 'used';
  if (row.decision === 'denied') return 'denied';
  return endsAt(row) > now ? (row.decision ?? 'pending') : 'lapsed';
}

/** When nobody can decide it any more, or when what was decided ends. */
export function endsAt({ createdAt, decision, decidedAt }: ApprovalMoments): Date {
  if (decision === null) return addSeconds(createdAt, PENDING_SECONDS);
  return addSeconds(decidedAt ?? createdAt, decision === 'approved' ? GOOD_SECONDS : DENIED_SECONDS);
}

/** What was asked, or approved, at this moment or before has lapsed. */
export function lapsedAt(now: Date): { readonly pending: Date; readonly approved: Date } {
  return { pending: addSeconds(now, -PENDING_SECONDS), approved: addSeconds(now, -GOOD_SECONDS) };
}

// Controls, formats, surrogates, private and unassigned characters; what is drawn as nothing; every space but the plain one; line
// and paragraph separators; and what a browser would take for markup.
const NOT_INERT = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}<>]|(?! )\p{Zs}/gu;
/** Marks that stand on a letter, more than any language needs: drawn over the lines beside them. */
const PILED_MARKS = /(?<=\p{M}{4})\p{M}/gu;

/** Text that neither a terminal nor a browser obeys, in one line of at most `most` characters of the text before. */
export function inert(text: string, most: number): { readonly text: string; readonly isCut: boolean } {
  const kept = Array.from(text.slice(0, 2 * most))
    .slice(0, most)
    .join('');
  const shown = kept.replace(PILED_MARKS, escaped).replace(NOT_INERT, escaped);
  return { text: shown, isCut: kept.length < text.length };
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
