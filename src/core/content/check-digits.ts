// The arithmetic by which a number proves that it was not typed at random. Each takes the digits alone.

const ZERO = 48;

function digit(text: string, at: number): number {
  return text.charCodeAt(at) - ZERO;
}

/** ISO/IEC 7812-1: payment cards, Swedish numbers. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = digits.length - 1, isDoubled = false; at >= 0; at--, isDoubled = !isDoubled) {
    const value = digit(digits, at) * (isDoubled ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

/** The sum of digits, or of letters as their place above `0` in ASCII, each by its weight. */
export function weighted(text: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * digit(text, at), 0);
}

/** What is left of a decimal number of any length, divided by `divisor`. */
export function remainder(digits: string, divisor: number): number {
  let rest = 0;
  for (let at = 0; at < digits.length; at++) rest = (rest * 10 + digit(digits, at)) % divisor;
  return rest;
}

const VERHOEFF_PRODUCT = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
] as const;
const VERHOEFF_TURN = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
] as const;

/** Verhoeff's scheme, by the multiplication of the ten symmetries of a pentagon: Aadhaar. */
export function passesVerhoeff(digits: string): boolean {
  let state = 0;
  for (let back = 0; back < digits.length; back++) {
    const turned = digit(VERHOEFF_TURN[back % 8] ?? '', digit(digits, digits.length - 1 - back));
    state = digit(VERHOEFF_PRODUCT[state] ?? '', turned);
  }
  return state === 0;
}

/** ISO/IEC 7064, mod 11,10: the German tax number. */
export function passesMod11And10(digits: string): boolean {
  let product = 10;
  for (let at = 0; at < digits.length - 1; at++) {
    const sum = (digit(digits, at) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === digit(digits, digits.length - 1);
}

/** ISO/IEC 7064, mod 11-2, where `X` is ten: the Chinese resident id. */
export function passesMod11And2(text: string): boolean {
  let product = 0;
  for (let at = 0; at < text.length - 1; at++) product = ((product + digit(text, at)) * 2) % 11;
  const last = text.at(-1)?.toUpperCase() === 'X' ? 10 : digit(text, text.length - 1);
  return (product + last) % 11 === 1;
}

/** ISO/IEC 7064, mod 97-10, letters as 10 to 35: IBAN, with its first four moved to the end. */
export function passesMod97(text: string): boolean {
  let rest = 0;
  for (let at = 0; at < text.length; at++) {
    const value = Number.parseInt(text.charAt(at), 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** Whether there is such a day. Of a year without its century, the 29th of February counts in each that may be a leap year. */
export function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  if (month === 2) return day <= (year % 4 === 0 ? 29 : 28);
  return day <= (month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31);
}
