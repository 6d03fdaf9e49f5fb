// The services that Doorward knows by itself: one JSON file each in `catalogue/`, shipped with the program. Read from
// disk where somebody asks, and kept: they change with a release and not before.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CatalogueEntry, ENTRY_ID, KeyLook } from './entry.ts';

/** Two folders up, both from `src/catalogue` and from `dist/catalogue`. */
const FOLDER = fileURLToPath(new URL('../../catalogue/', import.meta.url));

/** `{"` in base64url. */
const JSON_WEB_TOKEN = 'eyJ';

const read = new Map<string, CatalogueEntry>();
let all: readonly CatalogueEntry[] | undefined;
let keyPatterns: readonly KeyPattern[] | undefined;

interface KeyPattern {
  readonly entry: CatalogueEntry;
  readonly pattern: RegExp;
}

/** The entry of this id; undefined: there is none. */
export function readEntry(id: string): CatalogueEntry | undefined {
  const known = read.get(id);
  if (known !== undefined) return known;
  if (!ENTRY_ID.test(id) || !existsSync(`${FOLDER}${id}.json`)) return undefined;
  const entry = CatalogueEntry.parse(JSON.parse(readFileSync(`${FOLDER}${id}.json`, 'utf8')));
  read.set(id, entry);
  return entry;
}

/** Every entry, by id. */
export function readCatalogue(): readonly CatalogueEntry[] {
  all ??= readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .flatMap((name) => readEntry(name.slice(0, -'.json'.length)) ?? []);
  return all;
}

/** What keys look like, of every entry where that says something; read without the rest of the entries. */
export function readKeyPatterns(): readonly { readonly id: string; readonly pattern: string }[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const { id, keyPattern, keyPatternIsWeak } = KeyLook.parse(
        JSON.parse(readFileSync(`${FOLDER}${name}`, 'utf8')),
      );
      return keyPattern === undefined || keyPatternIsWeak ? [] : [{ id, pattern: keyPattern }];
    });
}

/** The entry whose programs read their key from this variable. No two entries that can be called share one. */
export function findByEnvName(name: string): CatalogueEntry | undefined {
  const entries = readCatalogue().filter(({ env }) => env.includes(name));
  return entries.find(({ unsupported }) => unsupported === undefined) ?? entries[0];
}

/**
 * The entries whose keys look like this value, the likeliest first. Patterns that other texts match too are left out:
 * those are judged by the variable's name.
 */
export function findByKey(value: string): readonly CatalogueEntry[] {
  if (value.startsWith(JSON_WEB_TOKEN)) return []; // looks like this whoever made it
  keyPatterns ??= readCatalogue()
    .flatMap((entry) => {
      const { keyPattern, keyPatternIsWeak, idPattern } = entry;
      const patterns = [keyPatternIsWeak ? undefined : keyPattern, idPattern];
      return patterns.flatMap((text) => (text === undefined ? [] : [{ entry, pattern: new RegExp(text) }]));
    })
    .toSorted((one, other) => likeliness(other.entry) - likeliness(one.entry));
  return keyPatterns.flatMap(({ entry, pattern }) => (pattern.test(value) ? [entry] : []));
}

/** Entries whose id, name, category, variables or actions hold every word of the text; all of them for an empty text. */
export function searchCatalogue(search: string): readonly CatalogueEntry[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return readCatalogue().filter((entry) => {
    const actions = Object.entries(entry.actions).flatMap(([name, { summary }]) => [name, summary]);
    const text = [entry.id, entry.name, entry.category, ...entry.env, ...actions].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Of services with keys of one look, the ones people use most have most written down of them. */
function likeliness({ actions, unsupported }: CatalogueEntry): number {
  return unsupported === undefined ? Object.keys(actions).length : -1;
}
