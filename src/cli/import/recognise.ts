// Which service a found value is a key of: by the variable's name and by the look of the key. In doubt a value is left
// alone, for a key that goes to the wrong service has leaked.
import { type CatalogueEntry, fillBaseUrl } from '../../catalogue/entry.ts';
import { quoted } from '../quoted.ts';
import type { FoundValue } from './found-value.ts';
import { printAuth } from '../../core/auth-text.ts';
import { looksLikeStandIn, looksSecret } from './look-of-values.ts';
import type { NameIndex } from './name-index.ts';

export interface RecognisedKey {
  readonly kind: 'key';
  readonly entry: CatalogueEntry;
  /** What is stored: the value itself, or put together with what belongs to it. */
  readonly value: string;
  readonly baseUrl: string;
  readonly notes: readonly string[];
}

export type Recognised =
  | RecognisedKey
  /** An earlier import wrote it. */
  | { readonly kind: 'placeholder' }
  /** Told of one by one, with what to do about it. */
  | { readonly kind: 'left'; readonly why: string; readonly hint?: string }
  /** Nothing secret in sight. */
  | { readonly kind: 'other' };

/** The values that stand in the same scope, by name: the last one of a name is in force. */
export type Siblings = ReadonlyMap<string, FoundValue>;

const SHORTEST = 8;

export interface Knowledge {
  readonly index: NameIndex;
  /** Knows the placeholders that earlier imports wrote. */
  readonly isPlaceholder: (value: string) => boolean;
}

export function recognise(
  found: FoundValue,
  siblings: Siblings,
  { index, isPlaceholder }: Knowledge,
): Recognised {
  const { name, value, oddity } = found;
  if (value.trim() === '' || index.isPublic(name)) return { kind: 'other' };
  if (isPlaceholder(value)) return { kind: 'placeholder' };
  const match = findEntry(found, index);
  if (match === undefined) return found.isElsewhere === true ? { kind: 'other' } : unknown(found);
  if (oddity !== undefined)
    return { kind: 'left', why: `is left as it stands, for ${oddity}`, ...byHand(match) };
  if (looksLikeStandIn(value)) return { kind: 'left', why: 'holds a stand-in, not a key' };
  if ('candidates' in match) return ambiguous(match.candidates);
  if (value.length < SHORTEST) return { kind: 'left', why: 'is too short for a key' };
  const { entry, notes } = match;
  if (entry.unsupported !== undefined) {
    return { kind: 'left', why: `is for ${entry.name}. ${entry.unsupported}` };
  }
  if (entry.credential !== 'static') {
    const hint = `doorward connect ${entry.id}`;
    return { kind: 'left', why: `is for ${entry.name}, which wants a connection of its own`, hint };
  }
  return toKey(entry, notes, { found, siblings });
}

interface Match {
  readonly entry: CatalogueEntry;
  readonly notes: readonly string[];
}

interface Candidates {
  readonly candidates: readonly CatalogueEntry[];
}

/** The name decides, unless the value is plainly the key of another service. */
function findEntry(found: FoundValue, index: NameIndex): Match | Candidates | undefined {
  const { name, value } = found;
  const byKey = index.byKey(value);
  const named =
    found.isElsewhere === true ? undefined : (index.byName(name) ?? index.byPartOfName(name, value));
  if (named !== undefined) {
    const isFitting = named.keyPattern === undefined || new RegExp(named.keyPattern).test(value);
    if (isFitting) return { entry: named, notes: [] };
    const [likelier] = byKey;
    if (likelier === undefined) return { entry: named, notes: [`does not look like a key of ${named.name}`] };
    if (byKey.length > 1) return { candidates: byKey };
    return { entry: likelier, notes: [`is named for ${named.name}, but is a key of ${likelier.name}`] };
  }
  const here = found.host === undefined ? byKey : index.byHost(found.host, byKey);
  const [first, second] = here;
  if (first === undefined) return undefined;
  // `github` before `github-mcp`: the same vendor, and keys of one kind.
  const isOneVendor = here.slice(1).every(({ id }) => id.startsWith(`${first.id}-`));
  if (second === undefined || isOneVendor) return { entry: first, notes: [] };
  const meant = here.find(({ id }) => namesIt(name, id));
  return meant === undefined ? { candidates: here } : { entry: meant, notes: [] };
}

function namesIt(name: string, id: string): boolean {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  return id.split('-').every((word) => words.includes(word)) || words.includes(id.split('-').at(-1) ?? '');
}

interface Surroundings {
  readonly found: FoundValue;
  readonly siblings: Siblings;
}

function toKey(
  entry: CatalogueEntry,
  notes: readonly string[],
  { found, siblings }: Surroundings,
): Recognised {
  const base = baseUrlOf(entry, siblings);
  if ('why' in base) return { kind: 'left', ...base };
  const whole = wholeValue(entry, found, siblings);
  if (typeof whole !== 'string') {
    const missing = whole.missing.join(' and ');
    return { kind: 'left', why: `is for ${entry.name} and needs ${missing} beside it`, hint: addHint(entry) };
  }
  return { kind: 'key', entry, value: whole, baseUrl: base.baseUrl, notes };
}

/** Several variables make one value where the entry says so; a password goes with its login. */
function wholeValue(
  entry: CatalogueEntry,
  { name, value, user }: FoundValue,
  siblings: Siblings,
): string | { readonly missing: readonly string[] } {
  const { valueTemplate: template } = entry;
  if (user !== undefined && user !== '' && entry.auth.kind === 'basic') return `${user}:${value}`;
  if (template === undefined) return value;
  const isJson = template.startsWith('{"');
  const missing: string[] = [];
  // The key itself may stand under another name than the usual one.
  const isNamed = template.includes(`{${name}}`);
  const text = template.replaceAll(/\{([A-Z][A-Z0-9_]*)\}/g, (_, part: string) => {
    const isOwn = part === name || (!isNamed && entry.env.includes(part));
    const given = isOwn ? value : siblings.get(part)?.value;
    if (given === undefined || given === '') missing.push(part);
    return isJson ? JSON.stringify(given ?? '').slice(1, -1) : (given ?? '');
  });
  return missing.length === 0 ? text : { missing };
}

/** The catalogue's, or what the variables beside the key say; a base URL of their own needs a service of its own. */
function baseUrlOf(
  entry: CatalogueEntry,
  siblings: Siblings,
): { readonly baseUrl: string } | { readonly why: string; readonly hint: string } {
  for (const { name, suffix } of entry.baseUrlEnv) {
    const given = siblings.get(name)?.value.trim().replace(/\/+$/, '') ?? '';
    if (given === '' || isOurs(given)) continue;
    const baseUrl = fitting(entry, given, suffix.replace(/\/+$/, ''));
    if (baseUrl !== undefined) return { baseUrl };
    const hint = `doorward add ${entry.id}-own --base-url ${/^https?:/.test(given) ? given : 'https://…'} --auth ${quoted(printAuth(entry.auth))}`;
    return { why: `is sent elsewhere than ${entry.name}: ${name} is set`, hint };
  }
  if (entry.variables === undefined) return { baseUrl: entry.baseUrl };
  const wanted = Object.keys(entry.variables).join(' and ');
  return { why: `is for ${entry.name}, whose address needs its ${wanted}`, hint: addHint(entry) };
}

/** The base URL that the text stands for, if it is one of this entry's. */
function fitting(entry: CatalogueEntry, given: string, suffix: string): string | undefined {
  const bare = given.endsWith(suffix) ? given.slice(0, given.length - suffix.length) : given;
  const names: string[] = [];
  const pattern = entry.baseUrl
    .split(/(\{[a-z_]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replaceAll(/[^A-Za-z0-9/]/g, String.raw`\$&`);
      names.push(part.slice(1, -1));
      return '([A-Za-z0-9.-]+)';
    })
    .join('');
  const found = new RegExp(`^(?:https?://)?${pattern.replace(/^https:\/\//, '')}$`).exec(bare.toLowerCase());
  if (found === null) return undefined;
  try {
    return fillBaseUrl(entry, Object.fromEntries(names.map((name, at) => [name, found[at + 1] ?? ''])));
  } catch {
    return undefined;
  }
}

/** An address of a broker: an earlier import or a person has pointed it here. */
function isOurs(address: string): boolean {
  return /^https?:\/\/[^/]+\/call\//.test(address);
}

function unknown({ name, value, oddity, host }: FoundValue): Recognised {
  if (!looksSecret(name, value) || looksLikeStandIn(value)) return { kind: 'other' };
  if (!/^https?:/.test(value) && /^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    return { kind: 'left', why: 'holds an address with a password, and Doorward carries HTTP only' };
  }
  const plain = (host ?? name)
    .toLowerCase()
    .replace(/^(?:api\.|next_public_|vite_)/, '')
    .replace(/[_.-](?:api[_-]?)?(?:key|token|secret|password|pat)$/, '')
    .replace(/\.(?:com|org|net|io|dev|ai)$/, '')
    .replaceAll(/[^a-z0-9_-]+/g, '-');
  const where = host === undefined ? 'https://…' : `https://${host}`;
  const auth = host === undefined ? 'bearer' : 'basic';
  const why =
    oddity === undefined ? 'no service is known for it' : `no service is known for it, and ${oddity}`;
  return { kind: 'left', why, hint: `doorward add ${plain || 'name'} --base-url ${where} --auth ${auth}` };
}

function ambiguous(candidates: readonly CatalogueEntry[]): Recognised {
  const named = candidates.map(({ id }) => id);
  const hint = candidates[0] === undefined ? {} : { hint: `doorward add ${candidates[0].id}` };
  return {
    kind: 'left',
    why: `looks like a key of ${named.join(' or of ')}: which one is for you to say`,
    ...hint,
  };
}

function byHand(match: Match | Candidates): { readonly hint?: string } {
  return 'entry' in match && match.entry.unsupported === undefined ? { hint: addHint(match.entry) } : {};
}

function addHint({ id }: CatalogueEntry): string {
  return `doorward add ${id}`;
}
