// What an attack found: claims about what the caller got, what the upstream saw and what the log says, each with whether
// it held. A row without a claim about one of the three has to say why there is none.

export const ASPECTS = ['caller', 'upstream', 'log', 'beside'] as const;
/** `beside`: files, processes, the command line, the clock. */
export type Aspect = (typeof ASPECTS)[number];

export interface Claim {
  readonly aspect: Aspect;
  readonly text: string;
  readonly holds: boolean;
  /** What was found instead. */
  readonly found?: string;
}

const MAX_FOUND = 400;

export class Evidence {
  readonly #claims: Claim[] = [];

  /** Claims that are alike are kept once, with what was found the first time that one did not hold. */
  claim(aspect: Aspect, text: string, holds: boolean, found?: unknown): boolean {
    const at = this.#claims.findIndex((other) => other.aspect === aspect && other.text === text);
    const known = this.#claims[at];
    const claim = { aspect, text, holds, ...(holds || found === undefined ? {} : { found: told(found) }) };
    if (known === undefined) this.#claims.push(claim);
    else if (known.holds && !holds) this.#claims[at] = claim;
    return holds;
  }

  equal(aspect: Aspect, text: string, actual: unknown, expected: unknown): boolean {
    return this.claim(aspect, text, JSON.stringify(actual) === JSON.stringify(expected), actual);
  }

  get claims(): readonly Claim[] {
    return this.#claims;
  }
}

/** Short, on one line, and harmless on a terminal: it may be a hostile upstream's text. */
function told(found: unknown): string {
  const text = typeof found === 'string' ? found : (JSON.stringify(found) ?? String(found));
  const visible = text.replaceAll(/[^\x20-\x7e]/g, (character) => JSON.stringify(character).slice(1, -1));
  const plain = visible.replaceAll(/[^\x20-\x7e]/g, '?');
  return plain.length > MAX_FOUND ? `${plain.slice(0, MAX_FOUND)}…` : plain;
}
