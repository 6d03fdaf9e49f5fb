// What the demo prints: one line per check, colours on a terminal, and a count at the end.

const isColoured = process.stdout.isTTY && !process.env['NO_COLOR'];

/** @param {number} code @param {string} text */
const paint = (code, text) => (isColoured ? `\u001B[${code}m${text}\u001B[0m` : text);

/** A check that did not hold; it was printed already. */
export class CheckFailed extends Error {}

export function createReport() {
  let passed = 0;
  return {
    /** @param {string} text */
    title: (text) => console.log(`\n${paint(1, text)}`),

    /** Talk between the checks. @param {string} text */
    say: (text) => console.log(paint(2, `  ${text}`)),

    /** Something the reader should know, such as a part that could not be shown here. @param {string} text */
    note: (text) => console.log(`${paint(33, '!')} ${text}`),

    /**
     * One line of the demo. Throws when the claim does not hold.
     * @param {string} claim
     * @param {boolean} holds
     * @param {{ detail?: string, expected?: string, got?: unknown }} more
     */
    check: (claim, holds, { detail, expected = claim, got } = {}) => {
      if (!holds) {
        console.log(`${paint(31, '✗')} ${claim}`);
        console.log(`    expected: ${expected}`);
        console.log(`    got:      ${typeof got === 'string' ? got : JSON.stringify(got)}`);
        throw new CheckFailed(claim);
      }
      passed += 1;
      console.log(`${paint(32, '✓')} ${claim}${detail === undefined ? '' : paint(2, ` — ${detail}`)}`);
    },

    finish: () => console.log(`\n${paint(32, `demo: ${passed} checks passed`)}`),
  };
}
