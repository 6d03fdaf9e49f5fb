// What a call shows that may be a token: in the slots where a vendor's key would stand, and, since a placeholder that turns
// up where it does not belong tells of theft, in every other header and parameter too.
import type { Placeholder, Service } from '../core/entities.ts';
import { CREDENTIAL_SLOTS } from '../core/header-names.ts';
import { slotsOf } from '../vault/credential.ts';
import type { BrokeredCall } from './call.ts';
import type { Presented } from './caller.ts';
import type { BrokerDeps } from './deps.ts';
import { pathTokens } from './path-slot.ts';

type Slot = Presented['slot'];

const QUERY_SLOT = 'key';
const IS_SLOT: ReadonlySet<string> = new Set(CREDENTIAL_SLOTS);
const TOKEN = /^(dw_[a-z]+_[A-Za-z0-9]+|eyJ[\w-]+\.[\w-]+\.[\w-]+)$/;
/** Kinds that are looked up elsewhere; a placeholder may begin with `dw_` too. */
const NO_PLACEHOLDER = /^(eyJ|dw_(run|agent|owner)_)/;
const WORD = /[^\s,;"'<>()]{16,}/g;
const MIN_LENGTH = 16;
const MAX_LENGTH = 512;
/** Between the caller and us alone, in nearly every call. */
const NOT_SENT: ReadonlySet<string> = new Set(['accept-encoding', 'connection', 'content-length', 'host']);
/** Hashed at most, of one call: in slots, and anywhere else. */
const MAX_LOOKUPS = { slots: 8, elsewhere: 32 } as const;

export function presentedIn(
  deps: BrokerDeps,
  call: BrokeredCall,
  service: Service | undefined,
): readonly Presented[] {
  const find = () => new Finder(deps).find(call, service);
  // Where there are placeholders, each text may have become one.
  return deps.authority.hasPlaceholders
    ? find()
    : call.memory.presented.of([call.headers, call.address, service], find);
}

class Finder {
  readonly #deps: BrokerDeps;
  readonly #found: Presented[] = [];
  readonly #left: { slots: number; elsewhere: number } = { ...MAX_LOOKUPS };

  constructor(deps: BrokerDeps) {
    this.#deps = deps;
  }

  find(call: BrokeredCall, service: Service | undefined): Presented[] {
    const own = service === undefined ? undefined : slotsOf(service);
    const looksEverywhere = this.#deps.authority.hasPlaceholders;
    for (const [name, value] of call.headers) {
      const slot = IS_SLOT.has(name) ? 'common' : own?.headers.includes(name) === true ? 'own' : undefined;
      if (slot !== undefined) this.#lookInSlot(value, slot, `header ${name}`);
      else if (looksEverywhere && value.length >= MIN_LENGTH && !NOT_SENT.has(name)) {
        this.#look(wordsIn(value), slot, `header ${name}`);
      }
    }
    for (const [name, value] of queryPairs(call.address)) {
      const slot = name === QUERY_SLOT ? 'common' : own?.query.includes(name) === true ? 'own' : undefined;
      const plain = decoded(value);
      this.#look(plain === value ? [value] : [value, plain], slot, `query ${name}`);
    }
    for (const text of pathTokens(call.address, own?.path)) this.#look([text, decoded(text)], 'own', 'path');
    return this.#found;
  }

  #lookInSlot(value: string, slot: Slot, where: string): void {
    const text = bareToken(value);
    // What most calls bring is known by its look.
    if (TOKEN.test(text) && NO_PLACEHOLDER.test(text)) {
      this.#found.push({ text, kind: 'token', placeholder: undefined, slot, where });
      return;
    }
    this.#look(wordsIn(value), slot, where);
    if (text !== '') this.#found.push({ text, kind: 'other', placeholder: undefined, slot, where });
  }

  #look(texts: readonly string[], slot: Slot, where: string): void {
    for (const text of texts) {
      const placeholder = this.#placeholder(text, slot);
      if (placeholder !== undefined)
        this.#found.push({ text, kind: 'placeholder', placeholder, slot, where });
      else if (slot !== undefined && TOKEN.test(text)) {
        this.#found.push({ text, kind: 'token', placeholder, slot, where });
      }
    }
  }

  #placeholder(text: string, slot: Slot): Placeholder | undefined {
    const { authority, tokens } = this.#deps;
    const isPlausible = text.length >= MIN_LENGTH && text.length <= MAX_LENGTH;
    if (!authority.hasPlaceholders || !isPlausible || NO_PLACEHOLDER.test(text)) return undefined;
    const place = slot === undefined ? 'elsewhere' : 'slots';
    if (place === 'elsewhere' && !looksRandom(text)) return undefined;
    if (this.#left[place] === 0) return undefined;
    this.#left[place] -= 1;
    return authority.placeholder(tokens.hash(text));
  }
}

/** Media types, languages and addresses are no placeholders: those hold 96 random bits. */
function looksRandom(text: string): boolean {
  return /[0-9]/.test(text) || (/[a-z]/.test(text) && /[A-Z]/.test(text));
}

/** Words of a header value, what stands after `=` in them, and both halves of a Basic pair. */
function wordsIn(value: string): string[] {
  const words = value.match(WORD) ?? [];
  const texts = words.flatMap((word) => {
    const at = word.indexOf('=');
    return at > 0 && at < word.length - MIN_LENGTH ? [word, word.slice(at + 1)] : [word];
  });
  const pair = basicPair(value);
  return pair === undefined ? texts : [...texts, ...pair.filter((half) => half !== '')];
}

/** Undefined: not `Basic …`. */
function basicPair(value: string): readonly [user: string, password: string] | undefined {
  const encoded = /^basic\s+(\S+)\s*$/i.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('latin1');
  const at = pair.indexOf(':');
  return at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** What a header value carries: the bare token, that of a scheme, or a Basic password (its user where that is empty). */
function bareToken(value: string): string {
  const [user, password] = basicPair(value) ?? [];
  if (user !== undefined) return password === undefined || password === '' ? user : password;
  return /^(?:bearer|token)\s+(\S+)\s*$/i.exec(value)?.[1] ?? value.trim();
}

function queryPairs(address: string): (readonly [name: string, value: string])[] {
  const at = address.indexOf('?');
  if (at === -1) return [];
  const pairs: (readonly [string, string])[] = [];
  for (const pair of address.slice(at + 1).split('&')) {
    const equals = pair.indexOf('=');
    if (equals > 0) pairs.push([pair.slice(0, equals), pair.slice(equals + 1)]);
  }
  return pairs;
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
