// Changes of what guards a service: part by part, and never to less than it is unless told without saying so.
import { Problem } from '../core/problem.ts';
import { type Protection, protectionSettings, weaknesses } from '../core/protection/protection.ts';

type ChangedProtection = { readonly [K in keyof Protection]?: Protection[K] | null };

/** `before` with the given parts in place of its own. */
export function changedProtection(before: Protection, parts: ChangedProtection): Protection {
  const kept = Object.entries({ ...before, ...parts }).filter(
    ([, part]) => part !== null && part !== undefined && part !== false,
  );
  return Object.fromEntries(kept) as Protection; // only parts of those two are in it
}

/** Throws `invalid-input` where something is guarded less than before and than unless told, and nobody said that it may. */
export function requireAccepted(before: Protection, after: Protection, isAccepted: boolean): void {
  if (isAccepted) return;
  const known = new Set(weaknesses(protectionSettings(before)));
  const weaker = weaknesses(protectionSettings(after)).filter((sentence) => !known.has(sentence));
  if (weaker.length === 0) return;
  throw new Problem('invalid-input', {
    detail: `This guards the service less: ${weaker.join(' ')} If that is meant, say so: acceptWeaker (--accept-weaker).`,
  });
}

/** As an event tells it: one line for each part. */
export function protectionInLog(protection: Protection): string[] {
  return Object.entries(protection).map(([name, part]) => `${name} ${JSON.stringify(part)}`.slice(0, 5_000));
}
