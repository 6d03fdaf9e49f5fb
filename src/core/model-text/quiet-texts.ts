// Short texts that were read and in which nothing was found: names and ids that come with every item need no second look.
// Most texts are seen once, so that keeping one must cost less than a hash of it.

/** A power of two. */
const SLOTS = 512;

/** The latest in each slot: another one there is only read once more. */
export class QuietTexts {
  readonly #texts: string[] = [];

  has(text: string): boolean {
    return this.#texts[slotOf(text)] === text;
  }

  add(text: string): void {
    this.#texts[slotOf(text)] = text;
  }
}

/** By some of its letters: ids and times differ in the last ones. */
function slotOf(text: string): number {
  const { length } = text;
  const first = text.charCodeAt(0) * 5 + text.charCodeAt(length >> 1);
  const last =
    text.charCodeAt(length - 1) + text.charCodeAt(length - 2) * 11 + text.charCodeAt(length - 3) * 3;
  return (first * 31 + last * 7 + length * 37) & (SLOTS - 1);
}
