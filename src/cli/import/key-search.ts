// Finds keys in text of any kind: by how the keys of a service begin and look, and by the name of a variable they are
// assigned to. Each place of the text is looked at a bounded number of times.
import { findByKey, readCatalogue } from '../../catalogue/catalogue.ts';
import type { CatalogueEntry } from '../../catalogue/entry.ts';
import { keyBeginnings, unanchored } from './key-beginnings.ts';
import { isRandom, looksLikeStandIn, masked } from './look-of-values.ts';

export interface KeyHit {
  readonly at: number;
  readonly end: number;
  readonly kind: 'key' | 'placeholder';
  /** Ids of the catalogue, the likeliest first; `doorward` for a credential of ours. */
  readonly services: readonly string[];
  readonly masked: string;
}

export interface KeySearch {
  /** Hits that begin at or behind `from`, in the order of their places. */
  find(text: string, from: number): KeyHit[];
}

/** No hit is longer: keys that are, are recognised by their beginning. */
export const LONGEST_HIT = 1024;
const OWN = /dw_(run|placeholder|agent|owner)_[0-9A-Za-z]{49}/g;
const ASSIGNMENT =
  /(?<![A-Za-z0-9_])([A-Za-z][A-Za-z0-9_]{3,63})["']?[ \t]{0,4}[=:][ \t]{0,4}["'`]?([^\s"'`,;(){}<>$[\]\\]{8,512})/g;
/** What may stand before a value that is looked at, as far as an assignment goes. */
const LONGEST_NAME = 128;
const ANY_WEB_TOKEN = 'eyJ';

/** `isPlaceholder` knows what earlier imports wrote into files. */
export function createKeySearch(isPlaceholder: (value: string) => boolean): KeySearch {
  const looks = createLooks();
  const byName = createNames();
  const kindOf = (value: string): KeyHit['kind'] => (isPlaceholder(value) ? 'placeholder' : 'key');
  return {
    find: (text, from) => {
      const hits = new Map<number, KeyHit>();
      const add = (at: number, value: string, entries: readonly CatalogueEntry[]) => {
        if (at < from || hits.has(at)) return;
        const services = entries.map(({ id }) => id);
        hits.set(at, {
          at,
          end: at + value.length,
          kind: kindOf(value),
          services,
          masked: masked(value, entries[0]),
        });
      };
      for (const { index, 0: whole, 1: kind } of matches(OWN, text, from)) {
        const isStandIn = kind === 'run' || kind === 'placeholder';
        hits.set(index, {
          at: index,
          end: index + whole.length,
          kind: isStandIn ? 'placeholder' : 'key',
          services: ['doorward'],
          masked: `dw_${kind ?? ''}_…`,
        });
      }
      for (const { index, 0: beginning } of matches(looks.beginnings, text, from)) {
        const value = looks.valueAt(text.slice(index, index + LONGEST_HIT), beginning);
        if (value !== undefined) add(index, value, findByKey(value));
      }
      for (const { index, 0: whole, 1: name = '', 2: value = '' } of matches(
        ASSIGNMENT,
        text,
        Math.max(0, from - LONGEST_NAME),
      )) {
        const entry = byName.get(name.toUpperCase());
        if (entry !== undefined && isKeyOf(entry, value))
          add(index + whole.length - value.length, value, [entry]);
      }
      return [...hits.values()].toSorted((one, other) => one.at - other.at);
    },
  };
}

function matches(pattern: RegExp, text: string, from: number): RegExpStringIterator<RegExpExecArray> {
  const search = new RegExp(pattern);
  search.lastIndex = from;
  return text.matchAll(search);
}

interface Looks {
  readonly beginnings: RegExp;
  /** The key at the start of `window`, which begins with `beginning`. */
  readonly valueAt: (window: string, beginning: string) => string | undefined;
}

function createLooks(): Looks {
  const byBeginning = new Map<string, Set<string>>();
  for (const { keyPattern, keyPatternIsWeak } of readCatalogue()) {
    if (keyPattern === undefined || keyPatternIsWeak) continue;
    for (const beginning of keyBeginnings(keyPattern) ?? []) {
      if (beginning === ANY_WEB_TOKEN) continue; // whoever made it
      const patterns = byBeginning.get(beginning) ?? new Set();
      byBeginning.set(beginning, patterns.add(unanchored(keyPattern)));
    }
  }
  const beginnings = [...byBeginning.keys()].toSorted((one, other) => other.length - one.length);
  const expressions = new Map(
    beginnings.map((beginning) => {
      const shorter = beginnings.filter((other) => beginning.startsWith(other));
      const patterns = new Set(shorter.flatMap((other) => [...(byBeginning.get(other) ?? [])]));
      return [beginning, new RegExp(`^(?:${[...patterns].join('|')})(?![A-Za-z0-9])`)];
    }),
  );
  const escaped = beginnings.map((text) => text.replaceAll(/[^A-Za-z0-9_]/g, String.raw`\$&`));
  return {
    beginnings: new RegExp(`(?<![A-Za-z0-9])(?:${escaped.join('|')})`, 'g'),
    valueAt: (window, beginning) => {
      const value = expressions.get(beginning)?.exec(window)?.[0];
      return value !== undefined && looksMade(value) ? value : undefined;
    },
  };
}

function createNames(): ReadonlyMap<string, CatalogueEntry> {
  const names = readCatalogue().flatMap((entry) =>
    entry.env.map((name) => [name.toUpperCase(), entry] as const),
  );
  return new Map(names);
}

/** Beside a name a look that other texts have too will do; where keys have none, it must look made. */
function isKeyOf(entry: CatalogueEntry, value: string): boolean {
  if (!looksMade(value)) return false;
  return entry.keyPattern === undefined || new RegExp(entry.keyPattern).test(value);
}

/** Made by a machine: not a word, not a stand-in. */
function looksMade(value: string): boolean {
  return /\d/.test(value) && isRandom(value) && !looksLikeStandIn(value);
}
