// E-mail addresses: a local part without quotes, a domain with at least one dot and an ending that can be one.
import type { Match } from './text-search.ts';

const LOCAL = /[A-Za-z0-9._%+'~\x80-\xff-]/;
const MAX_LOCAL_LENGTH = 64;
const MAX_DOMAIN_LENGTH = 253;
/** Of latin1 text, in which a letter of another script is several characters above 0x7f. */
const DOMAIN =
  /(?:[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff-]{0,61}[A-Za-z0-9\x80-\xff])?\.){1,12}(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59}|[\x80-\xff]{4,60})(?![A-Za-z0-9_@-])/y;
/** `icon@2x.png` is a file. */
const FILE_ENDINGS =
  /\.(?:png|jpe?g|gif|svg|webp|avif|ico|bmp|pdf|jsx?|tsx?|mjs|cjs|css|scss|json|xml|html?|ya?ml|toml|lock|map|tgz|gz|txt|log)$/i;

/** The address around the `@` at `at`, if there is one. */
export function findEmail(text: string, at: number): Match | undefined {
  let start = at;
  while (start > 0 && at - start <= MAX_LOCAL_LENGTH && LOCAL.test(text.charAt(start - 1))) start -= 1;
  while (start < at && /[.'%-]/.test(text.charAt(start))) start += 1;
  const local = text.slice(start, at);
  if (local === '' || local.length > MAX_LOCAL_LENGTH || text.charAt(start - 1) === '@') return undefined;
  if (local.endsWith('.') || local.includes('..')) return undefined;
  DOMAIN.lastIndex = at + 1;
  const domain = DOMAIN.exec(text)?.[0];
  if (domain === undefined || domain.length > MAX_DOMAIN_LENGTH || FILE_ENDINGS.test(domain))
    return undefined;
  if (local === 'git') return undefined; // where a repository is cloned from
  return { rule: 'email', start, end: at + 1 + domain.length, keptFrom: at, isGrouped: false };
}
