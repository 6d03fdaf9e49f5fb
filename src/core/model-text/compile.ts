// Rules as the matcher uses them: every pattern a row of places, every word in one tree. In steps, since all of it takes
// longer than a call should wait.
import { foldText } from './fold.ts';
import { type Meaning, type Places, PlaceTable, WordPlaces } from './places.ts';
import { KINDS, type Rule, type RuleSet, type TextKind } from './rule.ts';
import { TermTree } from './terms.ts';

/** Between two words stand two units, between two characters of an unspaced script one. */
export const UNITS_PER_WORD = 2;
const DEFAULT_GAP = 3;
/** Slots and words between two steps. */
const MADE_PER_STEP = 100;

export interface CompiledRules {
  readonly tree: TermTree;
  readonly table: PlaceTable;
  readonly words: WordPlaces;
  readonly kinds: ReadonlyMap<TextKind, Places>;
}

interface Slot {
  /** Of words that can stand here. */
  readonly list: number;
  readonly gap: number | undefined;
}

type Words = Readonly<Record<string, string>>;
/** Folds to itself. */
const PLAIN = /^[a-z]+$/;

/** Ends with the rules; what it gives before are only steps. */
export function* compiling(sets: readonly RuleSet[]): Generator<undefined, CompiledRules> {
  const build = new Build();
  for (const set of sets) {
    build.begin(set.words ?? {});
    for (const rule of set.rules) {
      for (const pattern of build.patternsOf(rule)) {
        build.pattern(pattern, { gap: rule.gap ?? DEFAULT_GAP, meaning: { rule } });
        if (build.isStepOver()) yield;
      }
    }
    if (set.negations !== undefined) build.pattern(set.negations, { gap: 0, meaning: 'negation' });
    if (set.mentions !== undefined) build.pattern(set.mentions, { gap: 0, meaning: 'mention' });
  }
  return yield* build.finishing();
}

class Build {
  readonly #ids = new Set<string>();
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
  /** Lists of words by their text, and the places of each. */
  readonly #lists = new Map<string, number>();
  readonly #placesOf: number[][] = [];
  /** By words that follow each other: the lists in which they stand as one. */
  readonly #joined = new Map<string, number[]>();
  #words: Words = {};
  /** Slots as a language writes them. */
  readonly #slots = new Map<string, Slot>();
  #made = 0;

  /** What comes next is of a language with these lists of words. */
  begin(words: Words): void {
    this.#words = words;
    this.#slots.clear();
  }

  isStepOver(): boolean {
    if (this.#made < MADE_PER_STEP) return false;
    this.#made = 0;
    return true;
  }

  patternsOf(rule: Rule): readonly string[] {
    if (this.#ids.has(rule.id)) throw new Error(`two rules are called ${rule.id}`);
    this.#ids.add(rule.id);
    return rule.patterns;
  }

  pattern(pattern: string, { gap, meaning }: { gap: number; meaning: Meaning }): void {
    const slots = pattern
      .replaceAll('} ', '}')
      .split(' ')
      .map((token) => this.#slot(token));
    this.#row(slots, gap, meaning);
  }

  /** After the last pattern, in steps. */
  *finishing(): Generator<undefined, CompiledRules> {
    for (const [words, lists] of this.#joined) {
      const slots = words.split('+').map((word) => ({ list: this.#list([word]), gap: 0 }));
      this.#row(slots, 0, { lists });
      if (this.isStepOver()) yield;
    }
    yield* this.#tree.sealing();
    yield;
    const table = new PlaceTable({
      placesOf: this.#placesOf,
      previous: this.#previous,
      gaps: this.#gaps,
      reaches: this.#reaches,
      negatable: this.#negatable,
      ends: this.#ends,
    });
    const kinds = new Map([...this.#kinds].map(([kind, lists]) => [kind, table.of(lists)] as const));
    const tree = this.#tree;
    return { table, kinds, tree, words: new WordPlaces(tree, table) };
  }

  #row(slots: readonly Slot[], gap: number, meaning: Meaning): void {
    const isNegatable =
      typeof meaning === 'object' && 'rule' in meaning && meaning.rule.category === 'override';
    let place = -1;
    for (const slot of slots) place = this.#place(place, slot, { gap, isNegatable });
    this.#ends[place]?.push(meaning);
    this.#made += slots.length;
  }

  /** The place of a slot behind another one, which may be there already. */
  #place(
    before: number,
    { list, gap: own }: Slot,
    { gap, isNegatable }: { readonly gap: number; readonly isNegatable: boolean },
  ): number {
    const units = before < 0 ? -1 : (own ?? gap) * UNITS_PER_WORD;
    const key = `${before} ${units} ${before < 0 && isNegatable} ${list}`;
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
    this.#placesOf[list]?.push(place);
    return place;
  }

  #slot(token: string): Slot {
    const known = this.#slots.get(token);
    if (known !== undefined) return known;
    const [, gap, terms = ''] = /^(?:\{(\d+)\})?(.+)$/.exec(token) ?? [];
    const alternatives = terms.split('|').flatMap((term) => {
      const name = /^<(.+)>$/.exec(term)?.[1];
      if (name === undefined) return [term];
      const list = this.#words[name];
      if (list === undefined) throw new Error(`no list of words is called ${name}`);
      return list.split('|');
    });
    const slot = { list: this.#list(alternatives), gap: gap === undefined ? undefined : Number(gap) };
    this.#slots.set(token, slot);
    return slot;
  }

  #list(terms: readonly string[]): number {
    const text = terms.join('|');
    const known = this.#lists.get(text);
    if (known !== undefined) return known;
    const list = this.#placesOf.length;
    this.#lists.set(text, list);
    this.#placesOf.push([]);
    for (const term of terms) this.#term(term, list);
    this.#made += terms.length;
    return list;
  }

  #term(term: string, list: number): void {
    if (term.includes('+')) {
      const joined = this.#joined.get(term);
      if (joined === undefined) this.#joined.set(term, [list]);
      else joined.push(list);
      return;
    }
    const kind = term.startsWith('@') ? KINDS.find((known) => known === term) : undefined;
    if (kind !== undefined) {
      this.#kinds.set(kind, [...(this.#kinds.get(kind) ?? []), list]);
      return;
    }
    const isStem = term.endsWith('*');
    const bare = isStem ? term.slice(0, -1) : term;
    const folded = PLAIN.test(bare) ? bare : this.#fold(bare);
    if (folded === '' || folded.includes(' ')) throw new Error(`no single word: ${term}`);
    this.#tree.add(folded, isStem, list);
  }

  #fold(bare: string): string {
    const known = this.#folded.get(bare);
    if (known !== undefined) return known;
    const folded = foldText(bare);
    this.#folded.set(bare, folded);
    return folded;
  }
}
