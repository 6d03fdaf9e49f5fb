// Canonical JSON (RFC 8785, JCS): one value has one text, so that a hash over the text is a hash over the value.
// Writing and reading are both strict: what has no canonical form is refused, never repaired.

/** What canonical JSON can say. `undefined` stands in the type for members that may be absent; writing one is refused. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue | undefined };

/** Deep enough for every record of ours, shallow enough that hostile text can't exhaust the stack. */
const MAX_DEPTH = 64;

/** Strings that are their own JSON: printable ASCII without the quote and the backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;
const BELOW_SURROGATES = /^[\0-\ud7ff]*$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The RFC 8785 text of a value. Throws a `TypeError` on NaN and infinities, lone surrogates, `undefined`, bigints,
 * functions, instances of classes and nesting beyond 64 levels.
 */
export function canonicalJson(value: JsonValue): string {
  return isInOrder(value, 0) ? JSON.stringify(value) : write(value, 0);
}

/**
 * Whether a value has a canonical form and its members stand in canonical order already: JSON.stringify, which keeps
 * the order and writes strings (§3.2.2.2) and numbers (§3.2.2.3) as RFC 8785 asks, is then several times as fast.
 */
function isInOrder(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return BELOW_SURROGATES.test(value);
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return true;
    case 'object':
      if (value === null) return true;
      if (depth === MAX_DEPTH) return false;
      if (Array.isArray(value)) return itemsAreInOrder(value, depth + 1);
      return membersAreInOrder(value, depth + 1);
    default:
      return false;
  }
}

function itemsAreInOrder(items: readonly unknown[], depth: number): boolean {
  for (const item of items) if (!isInOrder(item, depth)) return false; // `every` would step over holes
  return true;
}

function membersAreInOrder(object: object, depth: number): boolean {
  if (Object.getPrototypeOf(object) !== Object.prototype) return false;
  const members = object as Readonly<Record<string, unknown>>; // a plain object is read by its names
  let before = '';
  for (const name of Object.keys(members)) {
    if (name < before || !BELOW_SURROGATES.test(name) || !isInOrder(members[name], depth)) return false;
    before = name;
  }
  return true;
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      return canonicalNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth === MAX_DEPTH) throw new TypeError('canonical JSON ends at 64 levels');
      return Array.isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    default: // undefined, bigint, function, symbol
      throw new TypeError(`canonical JSON has no ${typeof value}`);
  }
}

/** The RFC 8785 text of a string. Throws a `TypeError` on lone surrogates. */
export function canonicalString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (LONE_SURROGATE.test(text)) throw new TypeError('canonical JSON has no lone surrogates');
  return JSON.stringify(text); // escapes exactly as RFC 8785 §3.2.2.2 asks
}

/** The RFC 8785 text of a number. Throws a `TypeError` on NaN and infinities. */
export function canonicalNumber(number: number): string {
  if (!Number.isFinite(number)) throw new TypeError('canonical JSON has only finite numbers');
  return number === 0 ? '0' : String(number); // −0 is written 0 (RFC 8785 §3.2.2.3)
}

function writeArray(items: readonly unknown[], depth: number): string {
  let text = '[';
  for (let i = 0; i < items.length; i += 1) {
    if (i > 0) text += ',';
    text += write(items[i], depth);
  }
  return `${text}]`;
}

function writeObject(object: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('canonical JSON has only plain objects');
  }
  const members = Object.keys(object).sort(); // without a comparison function: by UTF-16 code units
  let text = '{';
  for (const name of members) {
    if (text.length > 1) text += ',';
    text += `${canonicalString(name)}:${write((object as Record<string, unknown>)[name], depth)}`;
  }
  return `${text}}`;
}

/**
 * The value of a canonical text. Throws a `SyntaxError` on every other spelling of it: white space, duplicate or
 * unsorted members, other escapes, other forms of a number.
 */
export function parseCanonicalJson(text: string): JsonValue {
  const value = JSON.parse(text) as JsonValue; // JSON.parse gives nothing else
  if (writeOrUndefined(value) !== text) throw new SyntaxError('the JSON is not in canonical form');
  return value;
}

function writeOrUndefined(value: JsonValue): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    return undefined; // it has no canonical form, so the text isn't it
  }
}
