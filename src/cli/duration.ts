// Times as people type them: `8h` from now, or a moment in RFC 3339.
import { usageFailure } from './failure.ts';

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of `30s`, `15m`, `8h`, `30d`; undefined for anything else. */
function parseDurationSeconds(text: string): number | undefined {
  const found = /^(\d{1,6})([smhd])$/.exec(text);
  if (found === null) return undefined;
  const seconds = Number(found[1]) * UNIT_SECONDS[found[2] as keyof typeof UNIT_SECONDS];
  return seconds > 0 ? seconds : undefined;
}

/** Seconds that a flag names; `0` is none at all. */
export function parseSeconds(flag: string, text: string): number {
  const seconds = text === '0' ? 0 : parseDurationSeconds(text);
  if (seconds !== undefined) return seconds;
  throw usageFailure(`${flag} wants a duration such as 15m, 8h or 30d, or 0.`);
}

/** The moment a flag names, UTC; durations count from `now` in the flag's direction. */
export function parseMoment(flag: string, text: string, direction: 'ahead' | 'back'): string {
  const seconds = parseDurationSeconds(text);
  if (seconds !== undefined) {
    const offsetMs = seconds * 1000 * (direction === 'ahead' ? 1 : -1);
    return new Date(Date.now() + offsetMs).toISOString();
  }
  const isRfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  const at = new Date(text);
  if (!isRfc3339 || Number.isNaN(at.getTime())) {
    throw usageFailure(
      `${flag} wants a duration such as 15m, 8h or 30d, or a time such as 2030-01-31T18:00:00Z.`,
    );
  }
  return at.toISOString();
}
