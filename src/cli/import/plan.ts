// What an import would do, before it does anything: which keys go under which names, and what is left alone and why.
import type { CatalogueEntry } from '../../catalogue/entry.ts';
import type { FoundValue } from './found-value.ts';
import type { KeyIdentity } from './ledger.ts';
import { type Knowledge, recognise, type RecognisedKey, type Siblings } from './recognise.ts';
import type { SourceFile } from './source-file.ts';

/** Where values come from: a file, or the process environment, which nothing can be replaced in. */
export interface Origin {
  readonly shown: string;
  readonly file: SourceFile | undefined;
  readonly values: readonly FoundValue[];
  readonly troubles: readonly string[];
}

export interface Place {
  readonly origin: Origin;
  readonly found: FoundValue;
}

export interface PlannedKey {
  /** Of the secret and of the service. */
  readonly name: string;
  readonly entry: CatalogueEntry;
  readonly value: string;
  readonly baseUrl: string;
  /** The vault has this very key under this name: an earlier import stored it. */
  readonly isStored: boolean;
  readonly places: readonly [Place, ...Place[]];
  readonly notes: readonly string[];
}

export interface LeftAlone {
  readonly where: string;
  readonly variable: string;
  readonly why: string;
  readonly hint: string | undefined;
}

export interface Plan {
  readonly keys: readonly PlannedKey[];
  readonly left: readonly LeftAlone[];
  /** Sentences about files and lines. */
  readonly notes: readonly string[];
  /** Where placeholders of earlier imports stand. */
  readonly placeholders: readonly string[];
  /** Variables that hold nothing secret. */
  readonly others: readonly string[];
}

export interface VaultView {
  /** Names of secrets and services that are there. */
  readonly taken: ReadonlySet<string>;
  /** The name this very key was stored under; undefined: not known. */
  readonly nameOf: (key: KeyIdentity) => string | undefined;
}

export function makePlan(origins: readonly Origin[], knowledge: Knowledge, vault: VaultView): Plan {
  const drafts = new Map<string, Draft>();
  const left: LeftAlone[] = [];
  const others: string[] = [];
  const placeholders: string[] = [];
  const notes: string[] = [];
  for (const origin of origins) {
    notes.push(...origin.troubles.map((trouble) => `${origin.shown}: ${trouble}`));
    for (const { found, siblings, note } of inForceFirst(origin)) {
      const place = { origin, found };
      const recognised = recognise(found, siblings, knowledge);
      if (recognised.kind === 'key') addPlace(drafts, recognised, place, note);
      else if (recognised.kind === 'left') {
        const { why, hint } = recognised;
        left.push({ where: whereIs(place), variable: found.name, why, hint });
      } else if (recognised.kind === 'placeholder') placeholders.push(whereIs(place));
      else if (found.isElsewhere !== true && found.value !== '') others.push(found.name);
    }
  }
  return { ...named([...drafts.values()], vault), left, notes, placeholders, others: [...new Set(others)] };
}

export function whereIs({ origin, found }: Place): string {
  return origin.file === undefined ? origin.shown : `${origin.shown}:${String(found.line)}`;
}

interface Draft {
  readonly key: RecognisedKey;
  readonly places: [Place, ...Place[]];
  readonly notes: string[];
}

function addPlace(
  drafts: Map<string, Draft>,
  key: RecognisedKey,
  place: Place,
  note: string | undefined,
): void {
  const identity = JSON.stringify([key.entry.id, key.baseUrl, key.value]);
  const draft = drafts.get(identity);
  const notes = [...key.notes, ...(note === undefined ? [] : [note])];
  if (draft === undefined) drafts.set(identity, { key, places: [place], notes: [...notes] });
  else {
    draft.places.push(place);
    draft.notes.push(...notes.filter((text) => !draft.notes.includes(text)));
  }
}

interface InScope {
  readonly found: FoundValue;
  readonly siblings: Siblings;
  readonly note: string | undefined;
}

/** Of a variable that is set twice the last one counts; the earlier ones come behind everything else. */
function inForceFirst(origin: Origin): InScope[] {
  const scopes = new Map<string, Map<string, FoundValue>>();
  for (const found of origin.values) {
    const scope = scopes.get(found.scope) ?? new Map<string, FoundValue>();
    scopes.set(found.scope, scope.set(found.name, found));
  }
  const all = origin.values.map((found): InScope => {
    const siblings = scopes.get(found.scope) ?? new Map<string, FoundValue>();
    const last = siblings.get(found.name) ?? found;
    const isOverruled = last !== found && origin.file?.format !== 'netrc' && last.value !== found.value;
    return { found, siblings, note: isOverruled ? overruled(origin, found, last) : undefined };
  });
  return [...all.filter(({ note }) => note === undefined), ...all.filter(({ note }) => note !== undefined)];
}

function overruled({ shown }: Origin, found: FoundValue, last: FoundValue): string {
  return `${found.name} is set twice in ${shown}: line ${String(last.line)} counts, and line ${String(found.line)} holds another key`;
}

/** The first key of a service takes its name; another key of it, or a name that is taken, gets a number. */
function named(drafts: readonly Draft[], { taken, nameOf }: VaultView): { keys: PlannedKey[] } {
  const used = new Set(taken);
  const firsts = new Map<string, string>();
  const keys = drafts.map(({ key, places, notes }): PlannedKey => {
    const { entry, value, baseUrl } = key;
    const known = nameOf({ service: entry.id, baseUrl, value });
    const isStored = known !== undefined && taken.has(known);
    const name = isStored ? known : freeName(entry.id, used);
    used.add(name);
    const first = firsts.get(entry.id);
    firsts.set(entry.id, first ?? name);
    const more: string[] = [];
    if (first !== undefined && !isStored) more.push(`is another key of ${entry.name} than ${first}`);
    else if (name !== entry.id && !isStored) {
      more.push(
        `${entry.id} is there already; whether it is this key can not be seen, so it becomes ${name}`,
      );
    }
    if (places.length > 1) more.push(`stands in ${String(places.length)} places`);
    return { name, entry, value, baseUrl, isStored, places, notes: [...notes, ...more] };
  });
  return { keys };
}

function freeName(id: string, used: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? id : `${id.slice(0, LONGEST_NAME)}-${String(number)}`;
    if (!used.has(name)) return name;
  }
}

const LONGEST_NAME = 58;
