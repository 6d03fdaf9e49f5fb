// The headers that put a condition on a request: If-Match and If-None-Match (RFC 9110 §13.1), Idempotency-Key
// (draft-ietf-httpapi-idempotency-key-header-07). What is malformed is refused: a condition must not be lost on the way.
import { Problem } from '../core/problem.ts';
import type { Conditions } from '../operations/precondition.ts';

interface Headers {
  header(name: string): string | undefined;
}

/** RFC 9110 §8.8.3: a tag between quotes, `W/` before it where it is weak. */
const TAG = /[ \t]*(W\/)?"([!#-~\u0080-\u00ff]*)"[ \t]*(?:,|$)/y;
/** RFC 9651 §3.3.3: printable ASCII between quotes, quote and backslash escaped. */
const STRUCTURED_STRING = /^"((?:[ !#-[\]-~]|\\["\\]){1,255})"$/;
/** As most clients send it: a UUID or the like, without the quotes. */
const BARE_KEY = /^[A-Za-z0-9._~:+/=-]{1,255}$/;
const MAX_TAGS = 100;

/** Throws `invalid-request`. An idempotency key counts where something is made, and is passed over elsewhere. */
export function conditionsOf(request: Headers, makesSomething: boolean): Conditions {
  const ifMatch = request.header('if-match');
  const key = makesSomething ? request.header('idempotency-key') : undefined;
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: strongTags('If-Match', ifMatch) }),
    ...(key === undefined ? {} : { idempotencyKey: parseKey(key) }),
  };
}

/** Whether the caller has this very representation already. Throws `invalid-request`. */
export function isKnown(request: Headers, tag: string | undefined): boolean {
  const header = request.header('if-none-match');
  if (header === undefined) return false;
  const tags = parseTags('If-None-Match', header);
  // Weak comparison (§13.1.2): a weak tag of the same text is enough.
  return tag !== undefined && (tags === '*' || tags.some(({ text }) => text === tag));
}

/** Strong comparison (§13.1.1): a weak tag is no tag of ours, so it matches nothing. */
function strongTags(name: string, header: string): '*' | readonly string[] {
  const tags = parseTags(name, header);
  return tags === '*' ? '*' : tags.flatMap(({ text, isWeak }) => (isWeak ? [] : [text]));
}

function parseTags(name: string, header: string): '*' | { text: string; isWeak: boolean }[] {
  if (header.trim() === '*') return '*';
  const tags: { text: string; isWeak: boolean }[] = [];
  TAG.lastIndex = 0;
  for (let at = 0; at < header.length; at = TAG.lastIndex) {
    const found = TAG.exec(header);
    if (found === null || tags.length === MAX_TAGS)
      throw malformed(name, 'is * or a list of tags, such as "3"');
    tags.push({ text: found[2] ?? '', isWeak: found[1] !== undefined });
  }
  if (tags.length === 0 || /,[ \t]*$/.test(header))
    throw malformed(name, 'is * or a list of tags, such as "3"');
  return tags;
}

function parseKey(header: string): string {
  const quoted = STRUCTURED_STRING.exec(header)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(["\\])/g, '$1');
  if (BARE_KEY.test(header)) return header;
  throw malformed(
    'Idempotency-Key',
    'is one string of 1 to 255 characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"',
  );
}

function malformed(name: string, form: string): Problem {
  return new Problem('invalid-request', { detail: `The header ${name} ${form}.` });
}
