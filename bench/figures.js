// Medians and quartiles of a few windows.

/** @typedef {{ median: number, low: number, high: number, count: number }} Spread */

/** Median with the first and third quartile; undefined for no values. @param {readonly (number | null | undefined)[]} values @returns {Spread | undefined} */
export function spread(values) {
  const sorted = values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  return { median: at(sorted, 0.5), low: at(sorted, 0.25), high: at(sorted, 0.75), count: sorted.length };
}

/** @param {readonly (number | null | undefined)[]} values */
export function median(values) {
  return spread(values)?.median;
}

/** Between two neighbours it is interpolated. @param {readonly number[]} sorted @param {number} part */
function at(sorted, part) {
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
