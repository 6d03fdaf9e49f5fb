// What part 4 scans for, and in what.

/** @typedef {{ id: string, title: string, secrets: number, fragments: boolean, text: 'json' | 'near misses' }} ScanCase */

/** Each secret is looked for in all its encodings: eleven secrets are just over 64 patterns. */
const SIZES = [
  { secrets: 11, title: '64 patterns' },
  { secrets: 1000, title: '1,000 secrets' },
  { secrets: 10_000, title: '10,000 secrets' },
];

/** @param {number} most secrets in a table @returns {ScanCase[]} */
export function scanCases(most) {
  return SIZES.filter(({ secrets }) => secrets <= most).flatMap(({ secrets, title }) =>
    [false, true].flatMap((fragments) =>
      /** @type {const} */ (['json', 'near misses']).map((text) => ({
        id: `${title}${fragments ? ', fragments' : ''}, ${text}`,
        title,
        secrets,
        fragments,
        text,
      })),
    ),
  );
}
