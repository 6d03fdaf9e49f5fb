// What is under way at a moment, by the hundreds, each for milliseconds. No Set: V8 chains each table that a Set has outgrown
// to the next one, so that a single old table keeps alive everything which passed through since, and the collector of young
// objects copies all of it.

interface Entry<T> {
  readonly item: T;
  /** Where it stands; -1 once it is removed. */
  at: number;
}

/** In no order. What is added or removed while it is iterated does not change what is iterated. */
export class UnderWay<T> {
  readonly #entries: Entry<T>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** Gives back what removes it; done twice, that does nothing. */
  add(item: T): () => void {
    const entry = { item, at: this.#entries.length };
    this.#entries.push(entry);
    return () => this.#remove(entry);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const { item } of this.#entries.slice()) yield item;
  }

  /** The last one takes its place. */
  #remove(entry: Entry<T>): void {
    if (entry.at === -1) return;
    const last = this.#entries.pop();
    if (last !== undefined && last !== entry) {
      this.#entries[entry.at] = last;
      last.at = entry.at;
    }
    entry.at = -1;
  }
}
