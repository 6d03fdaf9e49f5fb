// Telephone numbers that say their country, with `+` or `00`: read by libphonenumber, which knows how each country's are.
// Numbers without a country look like any other number and are left alone.
import type { Match } from './text-search.ts';

/** Whether a text that begins with `+` is the number of a telephone there can be. */
export type IsPhone = (text: string) => boolean;

const SHAPE = /(?:\+ ?|\(\+|00(?=[1-9]))[\d(][\d ()./-]{5,24}/y;
const FEWEST_DIGITS = 7;
const MOST_DIGITS = 15;
/** Groups let go from the end: other numbers may follow. */
const MOST_TRIES = 4;

/** Slow to load: with the first call that needs it. */
export async function loadPhones(): Promise<IsPhone> {
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  return (text) => parsePhoneNumberFromString(text, { extract: false })?.isValid() === true;
}

/** The number that begins at `start`, if there is one. */
export function findPhone(text: string, start: number, isPhone: IsPhone): Match | undefined {
  SHAPE.lastIndex = start;
  let found = SHAPE.exec(text)?.[0];
  for (let tries = 0; found !== undefined && tries < MOST_TRIES; tries++) {
    found = found.replace(/[^\d]+$/, '');
    const end = start + found.length;
    const digits = found.replaceAll(/\D/g, '').replace(/^00/, '');
    if (digits.length < FEWEST_DIGITS) return undefined;
    const isBounded = !/[A-Za-z0-9_@]/.test(text.charAt(end)) && !/^[-.]\d/.test(text.slice(end, end + 2));
    if (isBounded && digits.length <= MOST_DIGITS + 1 && isPhone(written(found))) {
      return { rule: 'phone', start, end, keptFrom: end, isGrouped: true };
    }
    const last = /[ ()./-]+\d+$/.exec(found);
    found = last === null ? undefined : found.slice(0, last.index);
  }
  return undefined;
}

/** As the library reads it: `+`, and no zero that is dialled only inside of the country. */
function written(found: string): string {
  return `+${found.replace(/^(?:\+ ?|\(\+|00)/, '').replaceAll('(0)', ' ')}`;
}
