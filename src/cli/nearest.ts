// What a slip of the keyboard may have meant: the words that differ from it least.

const MAX_EDITS = 2;

/** The words that at most two letters keep apart from `word`, the closest first. */
export function nearest(word: string, words: readonly string[]): readonly string[] {
  return words
    .map((candidate) => ({ candidate, edits: editsBetween(word, candidate) }))
    .filter(({ edits, candidate }) => edits <= Math.min(MAX_EDITS, candidate.length / 2))
    .toSorted((one, other) => one.edits - other.edits)
    .map(({ candidate }) => candidate);
}

/** Letters to put in, take out, change, or swap with their neighbour. */
function editsBetween(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      const change = (row[j - 1] ?? 0) + (isSame ? 0 : 1);
      let least = Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwapped) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}
