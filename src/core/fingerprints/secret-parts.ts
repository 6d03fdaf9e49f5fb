// What of a static value is secret: the value as it stands, the password of a pair, the secret fields of a JSON object.
// What anybody may know, such as the addresses in a key file, would stop harmless calls.
import { looksRandom } from '../leak-scan/looks-random.ts';
import { isSecretField } from '../secret-fields.ts';

/** Names a thing and opens nothing: `access_key_id` stands in every signed address. */
const NAMES_A_KEY = /(?:_id|Id|ID)$/;
const PUBLIC_VALUE = /^(?:https?:\/\/[^@?#]*|[^\s@]+@[^\s@]+)$/;
const SAYS_SECRET = /key|secret|token|password|passphrase/i;
const LINE_BREAK = /\r?\n/;
const PEM_LABEL = /^-----/;
const MAX_DEPTH = 4;

export function secretPartsOf(value: Buffer): Buffer[] {
  const parts = [value];
  const text = value.toString('utf8');
  const colon = text.indexOf(':');
  if (text.startsWith('{')) collect(parts, '', jsonOf(text), 0);
  else if (colon > 0) parts.push(Buffer.from(text.slice(colon + 1)));
  return parts;
}

/** A text of several lines is known by each of them: it is sent with any line break, or with none. */
export function linesOf(text: string): Buffer[] {
  return text
    .split(LINE_BREAK)
    .filter((line) => !PEM_LABEL.test(line))
    .map((line) => Buffer.from(line));
}

function collect(parts: Buffer[], name: string, content: unknown, depth: number): void {
  if (typeof content === 'string') {
    if (isSecretText(name, content)) parts.push(...linesOf(content));
  } else if (typeof content === 'object' && content !== null && depth < MAX_DEPTH) {
    for (const [member, inner] of Object.entries(content)) {
      collect(parts, Array.isArray(content) ? name : member, inner, depth + 1);
    }
  }
}

function isSecretText(name: string, content: string): boolean {
  if (!isSecretField(name) || NAMES_A_KEY.test(name) || PUBLIC_VALUE.test(content)) return false;
  return SAYS_SECRET.test(name) || looksRandom(Buffer.from(content));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
