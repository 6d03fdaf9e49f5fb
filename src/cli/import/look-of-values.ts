// What a value looks like without knowing any vendor: a stand-in text, something secret, or neither; and how little of it
// is ever shown.
import type { CatalogueEntry } from '../../catalogue/entry.ts';
import { looksRandom } from '../../core/leak-scan/looks-random.ts';

const STAND_IN =
  /^(?:<.*>|\[.*\]|\{\{.*\}\}|%.*%|(?:your|my|the|some)[-_ ].*|.*[-_ ](?:here|goes[-_ ]here)|change[-_ ]?me.*|replace[-_ ]?me.*|todo|tbd|none|null|undefined|test|secret|password|example.*|placeholder.*|.*\.\.\..*|.*…)$/i;

/** Text that stands where a key should be put in, as in `your-key-here` or `sk-xxxxxxxx`. */
export function looksLikeStandIn(value: string): boolean {
  return STAND_IN.test(value.trim()) || /[x*•]{6,}|(.)\1{9,}/i.test(value);
}

const SECRET_NAME =
  /(?:^|[_.-])(?:key|apikey|token|secret|password|passwd|pwd|pass|credentials?|auth|dsn|pat|webhook)(?:$|[_.-])/i;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;
const FEWEST = 16;
const SHORTEST_NAMED = 8;

/** Whether it should be told of by name although no service is known for it. */
export function looksSecret(name: string, value: string): boolean {
  if (SECRET_NAME.test(name)) return value.length >= SHORTEST_NAMED;
  if (URL_WITH_PASSWORD.test(value) || value.startsWith('-----BEGIN')) return true;
  return /^[\w.~+/=-]+$/.test(value) && value.length >= FEWEST && /\d/.test(value) && isRandom(value);
}

export function isRandom(value: string): boolean {
  return value.length >= FEWEST && looksRandom(Buffer.from(value));
}

/**
 * The prefix that all keys of the service have, and of long keys the last two to four characters: enough to tell two
 * keys of one's own apart, and nothing to guess from.
 */
export function masked(value: string, entry: CatalogueEntry | undefined): string {
  const prefix = publicPrefix(value, entry);
  const rest = value.length - prefix.length;
  const tail = rest >= 32 ? 4 : rest >= 20 ? 2 : 0;
  return `${prefix}…${tail === 0 ? '' : value.slice(-tail)}`;
}

/** `sk_live_`, `github_pat_`: words that say what kind of key it is. */
const KIND_OF_KEY = /^[a-z]{2,7}[_-](?:(?:live|test|proj|svcacct|admin|ant|pat|api\d{0,2}|or|v1)[_-])*/i;

/** Letters that the pattern of the service's keys begins with, or that tell its kinds of keys apart. */
function publicPrefix(value: string, entry: CatalogueEntry | undefined): string {
  const pattern = entry?.keyPatternIsWeak === false ? entry.keyPattern : undefined;
  const kind =
    pattern !== undefined && new RegExp(pattern).test(value) ? KIND_OF_KEY.exec(value)?.[0] : undefined;
  const known = [entry?.placeholder?.prefix ?? '', literalPrefix(entry?.keyPattern ?? ''), kind ?? ''];
  const fitting = known.filter((prefix) => value.startsWith(prefix));
  return fitting.toSorted((one, other) => other.length - one.length)[0] ?? '';
}

/** The text that whatever matches an anchored expression begins with, as far as that can be read off it. */
function literalPrefix(pattern: string): string {
  if (!pattern.startsWith('^') || hasTopLevelChoice(pattern)) return '';
  const plain = /^\^((?:[A-Za-z0-9_-]|\\[.\-/])*)/.exec(pattern)?.[1] ?? '';
  const follower = pattern[1 + plain.length] ?? '';
  // A letter that is repeated or optional is no longer sure to stand there.
  const sure = /[*?{+]/.test(follower) ? plain.replace(/\\?.$/, '') : plain;
  return sure.replaceAll('\\', '');
}

function hasTopLevelChoice(pattern: string): boolean {
  let depth = 0;
  let isInClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '\\') at += 1;
    else if (isInClass) isInClass = character !== ']';
    else if (character === '[') isInClass = true;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === '|' && depth === 0) return true;
  }
  return false;
}
