// The hours and days of a grant, by the clock on a wall of its time zone.
import { type Constraints, type Day, DAYS } from './constraints.ts';

/** Formatters by time zone: making one costs more than all the rest of a decision. Names come from grants, which are few. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();
const MAX_FORMATS = 256;

interface WallClock {
  readonly day: Day;
  /** Since midnight. */
  readonly minutes: number;
}

/** Which of the two does not hold at that moment; undefined: both do. A time zone that is not known any more denies. */
export function unmetTime(
  { hours, days, timeZone = 'UTC' }: Pick<Constraints, 'hours' | 'days' | 'timeZone'>,
  now: Date,
): 'hours' | 'days' | undefined {
  if (hours === undefined && days === undefined) return undefined;
  const clock = wallClock(now, timeZone);
  if (clock === undefined) return hours === undefined ? 'days' : 'hours';
  const [from, to] =
    hours === undefined ? [0, 24 * 60] : [minutesOf(hours.slice(0, 5)), minutesOf(hours.slice(6))];
  const isPastMidnight = to < from;
  const { day, minutes } = clock;
  const isWithin = isPastMidnight ? minutes >= from || minutes < to : minutes >= from && minutes < to;
  if (!isWithin) return 'hours';
  const begunOn = isPastMidnight && minutes < to ? dayBefore(day) : day;
  return days === undefined || days.includes(begunOn) ? undefined : 'days';
}

function wallClock(now: Date, timeZone: string): WallClock | undefined {
  try {
    const parts = formatOf(timeZone).formatToParts(now);
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? '';
    const day = DAYS.find((known) => known === part('weekday').toLowerCase());
    const minutes = Number(part('hour')) * 60 + Number(part('minute'));
    return day === undefined || !Number.isInteger(minutes) ? undefined : { day, minutes };
  } catch {
    return undefined;
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  if (FORMATS.size < MAX_FORMATS) FORMATS.set(timeZone, format);
  return format;
}

function minutesOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

function dayBefore(day: Day): Day {
  return DAYS[(DAYS.indexOf(day) + 6) % 7] ?? day;
}
