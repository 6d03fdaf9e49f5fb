// The catalogue arranged for many look-ups: by variable, by part of a variable, by host and by the look of a key.
import { findByKey, readCatalogue } from '../../catalogue/catalogue.ts';
import type { CatalogueEntry } from '../../catalogue/entry.ts';

export interface NameIndex {
  byName(name: string): CatalogueEntry | undefined;
  /** `MY_OPENAI_API_KEY_2`: the name holds a known one, and the value looks as that service's keys do. */
  byPartOfName(name: string, value: string): CatalogueEntry | undefined;
  byKey(value: string): readonly CatalogueEntry[];
  /** Of those whose keys look like it the ones of that host; else the host's own whose keys have no look. */
  byHost(host: string, byKey: readonly CatalogueEntry[]): readonly CatalogueEntry[];
  /** Variables that go with a key and are no secret: addresses and account names. */
  isPublic(name: string): boolean;
}

const SHORTEST = 8;
/** No key has that many; what is longer was not made by a vendor. */
const LONGEST = 8192;
const JSON_WEB_TOKEN = 'eyJ';

export function createNameIndex(): NameIndex {
  const byEnvName = new Map<string, CatalogueEntry>();
  const publicNames = new Set<string>();
  const entries = readCatalogue();
  for (const entry of entries.toSorted(callableFirst)) {
    for (const name of entry.env) if (!byEnvName.has(name)) byEnvName.set(name, entry);
    for (const { name } of entry.baseUrlEnv) publicNames.add(name);
    for (const [, name = ''] of (entry.valueTemplate ?? '').matchAll(/\{([A-Z][A-Z0-9_]*)\}/g)) {
      publicNames.add(name);
    }
  }
  for (const name of byEnvName.keys()) publicNames.delete(name);
  const seen = new Map<string, readonly CatalogueEntry[]>();
  return {
    byName: (name) => byEnvName.get(name),
    byPartOfName: (name, value) =>
      partsOf(name)
        .map((part) => byEnvName.get(part))
        .find((entry) => entry?.keyPattern !== undefined && new RegExp(entry.keyPattern).test(value)),
    byKey: (value) => {
      // A JSON web token begins so whoever made it.
      if (value.length < SHORTEST || value.length > LONGEST || value.startsWith(JSON_WEB_TOKEN)) return [];
      const known = seen.get(value) ?? findByKey(value);
      seen.set(value, known);
      return known;
    },
    byHost: (host, byKey) => {
      const there = byKey.filter((entry) => isAt(entry, host));
      if (there.length > 0) return there;
      return entries.filter(
        (entry) => isAt(entry, host) && (entry.keyPattern === undefined || entry.keyPatternIsWeak),
      );
    },
    isPublic: (name) => publicNames.has(name),
  };
}

function callableFirst(one: CatalogueEntry, other: CatalogueEntry): number {
  return Number(one.unsupported !== undefined) - Number(other.unsupported !== undefined);
}

/** Runs of at least two of the name's words, the longest first. */
function partsOf(name: string): string[] {
  const words = name.split('_').slice(0, MOST_WORDS);
  const parts: string[] = [];
  for (let length = words.length - 1; length >= 2; length -= 1) {
    for (let from = 0; from + length <= words.length; from += 1) {
      parts.push(words.slice(from, from + length).join('_'));
    }
  }
  return parts;
}

const MOST_WORDS = 12;

function isAt({ baseUrl }: CatalogueEntry, host: string): boolean {
  const own = /^https:\/\/([^/{}:]+)/.exec(baseUrl)?.[1];
  return own !== undefined && (own === host || own === `api.${host}`);
}
