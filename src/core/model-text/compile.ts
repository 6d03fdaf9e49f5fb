// Rules as the matcher uses them: every pattern a row of places, every word in one tree.
import { foldText } from './fold.ts';
import { KINDS, type Rule, type RuleSet, type TextKind } from './rule.ts';
import { placesOf, type Places, TermTree } from './terms.ts';

/** Between two words stand two units, between two characters of an unspaced script one. */
export const UNITS_PER_WORD = 2;
const DEFAULT_GAP = 3;

/** What becomes of a pattern that was found whole; `places`: words that follow each other stand as one in these. */
export type Meaning = { readonly rule: Rule } | { readonly places: Places } | 'negation' | 'mention';

export interface CompiledRules {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly tree: TermTree;
  readonly kinds: ReadonlyMap<TextKind, Places>;
  /** By place: the units that may lie between this word and the one before it; -1 for a first word. */
  readonly gaps: Int32Array;
  /** By place: what is found when a pattern ends here; nothing within one. */
  readonly ends: readonly (readonly Meaning[])[];
  /** By place: the one before it in its pattern; -1 for a first word. Patterns that begin alike share their first places. */
  readonly previous: Int32Array;
  /** By place: the most units that may lie between this word and any next one; -1 where none follows. */
  readonly reaches: Int32Array;
  /** By place: a negation right before this first word turns the pattern around. */
  readonly negatable: readonly boolean[];
}

interface Slot {
  readonly alternatives: readonly string[];
  readonly gap: number | undefined;
}

export function compileRules(sets: readonly RuleSet[]): CompiledRules {
  const build = new Build();
  for (const set of sets) {
    for (const rule of set.rules) build.rule(rule, set.words ?? {});
    for (const [text, meaning] of [
      [set.negations, 'negation'],
      [set.mentions, 'mention'],
    ] as const) {
      if (text !== undefined) build.pattern(text, {}, { gap: 0, meaning });
    }
  }
  return build.done();
}

class Build {
  readonly #rules = new Map<string, Rule>();
  readonly #tree = new TermTree();
  readonly #kinds = new Map<TextKind, number[]>();
  readonly #gaps: number[] = [];
  readonly #ends: Meaning[][] = [];
  readonly #previous: number[] = [];
  readonly #reaches: number[] = [];
  readonly #folded = new Map<string, string>();
  /** Places by what stands in them and before them. */
  readonly #known = new Map<string, number>();
  readonly #negatable: boolean[] = [];
  /** By words that follow each other: the places in which they stand as one. */
  readonly #joined = new Map<string, number[]>();

  rule(rule: Rule, words: Readonly<Record<string, string>>): void {
    if (this.#rules.has(rule.id)) throw new Error(`two rules are called ${rule.id}`);
    this.#rules.set(rule.id, rule);
    const how = { gap: rule.gap ?? DEFAULT_GAP, meaning: { rule } };
    for (const pattern of rule.patterns) this.pattern(pattern, words, how);
  }

  pattern(
    pattern: string,
    words: Readonly<Record<string, string>>,
    { gap, meaning }: { gap: number; meaning: Meaning },
  ): void {
    this.#slots(slotsOf(pattern, words), gap, meaning);
  }

  #slots(slots: readonly Slot[], gap: number, meaning: Meaning): void {
    const isNegatable =
      typeof meaning === 'object' && 'rule' in meaning && meaning.rule.category === 'override';
    let place = -1;
    for (const slot of slots) place = this.#place(place, slot, { gap, isNegatable });
    this.#ends[place]?.push(meaning);
  }

  /** The place of a slot behind another one, which may be there already. */
  #place(
    before: number,
    slot: Slot,
    { gap, isNegatable }: { readonly gap: number; readonly isNegatable: boolean },
  ): number {
    const units = before < 0 ? -1 : (slot.gap ?? gap) * UNITS_PER_WORD;
    const key = `${before} ${units} ${before < 0 && isNegatable} ${slot.alternatives.join('|')}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const place = this.#gaps.length;
    this.#known.set(key, place);
    this.#gaps.push(units);
    this.#ends.push([]);
    this.#previous.push(before);
    this.#reaches.push(-1);
    this.#negatable.push(before < 0 && isNegatable);
    if (before >= 0) this.#reaches[before] = Math.max(this.#reaches[before] ?? -1, units);
    for (const term of slot.alternatives) this.#term(term, place);
    return place;
  }

  done(): CompiledRules {
    const isFirst = (place: number) => this.#gaps[place] === -1;
    for (const [words, places] of this.#joined) {
      const slots = words.split('+').map((word) => ({ alternatives: [word], gap: 0 }));
      this.#slots(slots, 0, { places: placesOf(places, isFirst) });
    }
    this.#tree.seal(isFirst);
    const kinds = new Map<TextKind, Places>(
      [...this.#kinds].map(([kind, places]) => [kind, placesOf(places, isFirst)]),
    );
    return {
      rules: this.#rules,
      tree: this.#tree,
      kinds,
      gaps: Int32Array.from(this.#gaps),
      ends: this.#ends,
      previous: Int32Array.from(this.#previous),
      reaches: Int32Array.from(this.#reaches),
      negatable: this.#negatable,
    };
  }

  #term(term: string, place: number): void {
    if (term.includes('+')) {
      this.#joined.set(term, [...(this.#joined.get(term) ?? []), place]);
      return;
    }
    const kind = KINDS.find((known) => known === term);
    if (kind !== undefined) {
      this.#kinds.set(kind, [...(this.#kinds.get(kind) ?? []), place]);
      return;
    }
    const isStem = term.endsWith('*');
    const bare = isStem ? term.slice(0, -1) : term;
    const folded = this.#folded.get(bare) ?? foldText(bare);
    this.#folded.set(bare, folded);
    if (folded === '' || folded.includes(' ')) throw new Error(`no single word: ${term}`);
    this.#tree.add(folded, isStem, place);
  }
}

function slotsOf(pattern: string, words: Readonly<Record<string, string>>): Slot[] {
  return pattern
    .replaceAll('} ', '}')
    .split(' ')
    .map((token) => {
      const [, gap, terms = ''] = /^(?:\{(\d+)\})?(.+)$/.exec(token) ?? [];
      const alternatives = terms.split('|').flatMap((term) => {
        const name = /^<(.+)>$/.exec(term)?.[1];
        if (name === undefined) return [term];
        const list = words[name];
        if (list === undefined) throw new Error(`no list of words is called ${name}`);
        return list.split('|');
      });
      return { alternatives, gap: gap === undefined ? undefined : Number(gap) };
    });
}
