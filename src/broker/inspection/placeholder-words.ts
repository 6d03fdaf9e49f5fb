// Placeholders in a body, looked up by their keyed hash: every text with the look that those of a service of this vault have,
// and so many words of any look as may be one from before a look changed.
import { LRUCache } from 'lru-cache';
import type { Placeholder } from '../../core/entities.ts';
import type { MoreToFind } from '../../core/fingerprints/lookup.ts';
import { Problem } from '../../core/problem.ts';
import type { BrokerDeps } from '../deps.ts';

type Deps = Pick<BrokerDeps, 'authority' | 'tokens' | 'placeholderLooks'>;

const WORD = /[A-Za-z0-9_-]{20,512}/g;
/** Of what any placeholder is made of. */
const LAST_RUN = /[\w.~:/+-]{1,512}$/;
const MAX_RUN = 512;
/** Words of any look in one body. */
const MAX_WORDS = 256;
/** Each costs some microseconds. A body with more texts of the right look than one in so many bytes goes no further. */
const MAX_LOOKUPS = { first: 4096, bytesForEach: 24 } as const;
/** Looked up already: what is held back at the end of a piece is seen again. */
const MAX_KNOWN = 64;

export class PlaceholderWords implements MoreToFind {
  /** The one that was found. */
  found: Placeholder | undefined;
  readonly #deps: Deps;
  /** It may stand there. */
  readonly #isWelcome: (placeholder: Placeholder) => boolean;
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN });
  #wordsLeft = MAX_WORDS;
  #lookupsLeft: number = MAX_LOOKUPS.first;

  constructor(deps: Deps, isWelcome: (placeholder: Placeholder) => boolean) {
    this.#deps = deps;
    this.#isWelcome = isWelcome;
  }

  /** Throws where there is more to look up than one call may cost. */
  find(bytes: Buffer, isLast: boolean): string | undefined {
    const text = bytes.toString('latin1');
    this.#lookupsLeft += bytes.length / MAX_LOOKUPS.bytesForEach;
    for (const candidate of this.#deps.placeholderLooks.current.in(text, isLast)) {
      if (this.#isForeign(candidate)) return 'placeholder';
    }
    return this.#findWord(text, isLast) ? 'placeholder' : undefined;
  }

  undecidedFrom(bytes: Buffer): number {
    const tail = bytes.toString('latin1', Math.max(0, bytes.length - MAX_RUN));
    const run = LAST_RUN.exec(tail)?.[0].length ?? 0;
    // A longer run is no word; what a placeholder of a known look may begin in is kept of it.
    const kept = run < MAX_RUN ? run : Math.max(0, this.#deps.placeholderLooks.current.maxLength - 1);
    return bytes.length - Math.min(run, kept);
  }

  #findWord(text: string, isLast: boolean): boolean {
    if (this.#wordsLeft === 0) return false;
    for (const { 0: word, index } of text.matchAll(WORD)) {
      const isWhole = isLast || index + word.length < text.length;
      if (!isWhole || !/[0-9]/.test(word) || this.#known.has(word)) continue;
      this.#wordsLeft -= 1;
      if (this.#isForeign(word)) return true;
      if (this.#wordsLeft === 0) return false;
    }
    return false;
  }

  #isForeign(text: string): boolean {
    if (this.#known.has(text)) return false;
    this.#known.set(text, true);
    this.#lookupsLeft -= 1;
    if (this.#lookupsLeft < 0) throw tooMany();
    const placeholder = this.#deps.authority.placeholder(this.#deps.tokens.hash(text));
    if (placeholder === undefined || this.#isWelcome(placeholder)) return false;
    this.found = placeholder;
    return true;
  }
}

function tooMany(): Problem {
  return new Problem('invalid-request', {
    detail:
      'In the body stand more texts with the look of placeholders than can be looked up for one call, so nothing more of it was sent on. Send it in several calls.',
  });
}
