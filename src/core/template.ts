// Templates such as `Bearer {value}` or `{key_id}:{key}`: fixed text around the fields of a secret. `{value}` is the whole
// value; any other name is a field of a value that is a JSON object.

/** Printable ASCII; a brace only as part of a `{name}`. */
const TEMPLATE = /^(?:[ -z|~]|\{[A-Za-z_][A-Za-z0-9_]{0,63}\})+$/;
const FIELD = /\{([A-Za-z_][A-Za-z0-9_]{0,63})\}/g;

/** Whether `text` is a template with at least one field. */
export function isTemplate(text: string): boolean {
  return TEMPLATE.test(text) && templateFields(text).length > 0;
}

/** The names between braces, in order, each as often as it stands there. */
export function templateFields(text: string): readonly string[] {
  return [...text.matchAll(FIELD)].map((match) => match[1] ?? '');
}

/** The template with each field replaced; what replaces is not looked at again. */
export function fillTemplate(text: string, valueOf: (field: string) => string): string {
  return text.replace(FIELD, (_, field: string) => valueOf(field));
}

const ESCAPED = /[.*+?^${}()|[\]\\/]/g;

/** What stood in a path where a template's fields would stand, and the path without all of it. */
export interface PathSlotMatch {
  readonly values: readonly string[];
  /** Begins with `/` or `?`, or is empty. */
  readonly rest: string;
}

/**
 * Whether the path of a raw address begins like the template: `/bot{value}` in `/bot123:abc/sendMessage?x=1`. Escapes in
 * the values are decoded once, as a client may have written them.
 */
export function matchPathSlot(template: string, address: string): PathSlotMatch | undefined {
  const pattern = template
    .split(FIELD)
    .map((part, at) => (at % 2 === 1 ? '([^/?]+)' : part.replace(ESCAPED, '\\$&')))
    .join('');
  const match = new RegExp(`^${pattern}(?=[/?]|$)`).exec(address);
  if (match === null) return undefined;
  return { values: match.slice(1).map(decoded), rest: address.slice(match[0].length) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
