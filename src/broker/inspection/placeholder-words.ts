// Placeholders in a body: words that may be one are looked up by their keyed hash, so many of one body and no more.
import type { MoreToFind } from '../../core/fingerprints/lookup.ts';
import type { Placeholder } from '../../core/entities.ts';
import type { BrokerDeps } from '../deps.ts';

const WORD = /[A-Za-z0-9_-]{20,512}/g;
const LAST_WORD = /[A-Za-z0-9_-]{1,512}$/;
const MAX_WORD_BYTES = 512;
/** Looked up in one body; each costs some microseconds. */
const MAX_LOOKUPS = 256;

export class PlaceholderWords implements MoreToFind {
  /** The one that was found. */
  found: Placeholder | undefined;
  readonly #deps: Pick<BrokerDeps, 'authority' | 'tokens'>;
  /** It may stand there. */
  readonly #isWelcome: (placeholder: Placeholder) => boolean;
  #left = MAX_LOOKUPS;

  constructor(
    deps: Pick<BrokerDeps, 'authority' | 'tokens'>,
    isWelcome: (placeholder: Placeholder) => boolean,
  ) {
    this.#deps = deps;
    this.#isWelcome = isWelcome;
  }

  find(bytes: Buffer, isLast: boolean): string | undefined {
    if (this.#left === 0) return undefined;
    const text = bytes.toString('latin1');
    for (const { 0: word, index } of text.matchAll(WORD)) {
      const isWhole = isLast || index + word.length < text.length;
      if (!isWhole || !/[0-9]/.test(word)) continue;
      this.#left -= 1;
      const placeholder = this.#deps.authority.placeholder(this.#deps.tokens.hash(word));
      if (placeholder !== undefined && !this.#isWelcome(placeholder)) {
        this.found = placeholder;
        return 'placeholder';
      }
      if (this.#left === 0) return undefined;
    }
    return undefined;
  }

  undecidedFrom(bytes: Buffer): number {
    if (this.#left === 0) return bytes.length;
    const tail = bytes.toString('latin1', Math.max(0, bytes.length - MAX_WORD_BYTES - 1));
    const word = LAST_WORD.exec(tail)?.[0] ?? '';
    return word.length < MAX_WORD_BYTES ? bytes.length - word.length : bytes.length;
  }
}
