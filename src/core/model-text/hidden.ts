// Markup and what of it nobody sees: comments, elements that a style puts out of sight, attributes that only machines read,
// characters without a shape. Works on HTML and on Markdown, piece by piece.
import { isAlphanumeric, isLetter } from './units.ts';

export type HiddenKind = 'comment' | 'style' | 'characters';

interface MarkupVisitor {
  /** Text that a reader sees, and code, which a model may read too. */
  seen(text: string): void;
  /** Text of an attribute that is read out or shown on demand. */
  attribute(text: string): void;
  /** Text that nobody sees. */
  hidden(kind: HiddenKind, text: string): void;
}

/** A tag or comment that has not ended by then is text. */
const MAX_OPEN = 256 * 1024;
/** A longer tag is none: its text is read as any other. */
const MAX_TAG = 2048;
const MAX_PIECE = 64 * 1024;
/** Of the names of attributes that are read. */
const MIN_NAME = 2;
const MAX_NAME = 32;
const SPACE = /\s/;
const READ_OUT: ReadonlySet<string> = new Set([
  'alt',
  'title',
  'aria-label',
  'aria-description',
  'content',
  'placeholder',
  'summary',
  'data-prompt',
  'data-instructions',
]);
/** No elements of any page, but what somebody writes who wants to be taken for somebody else. */
const TURNS = /^(?:system|instructions?$|developer|admin|assistant|tool|function|user|untrusted|important$)/;
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;
const OUT_OF_SIGHT =
  /display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0*\d?)?\s*(?:;|$|!)|font-size\s*:\s*(?:0|0?\.\d+|1)\s*(?:px|pt|em|rem|%|;|$)|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-\s*\d{3,}|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*(?:inset\(\s*(?:50|100)%|circle\(\s*0)|(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|$|!)|transform\s*:\s*scale\(\s*0|color\s*:\s*transparent/i;
const COLOR = /(?:^|;|\s)(background(?:-color)?|color)\s*:\s*([^;!]+)/gi;
const WHITE = /^(?:#fff|#ffffff|white|rgba?\(255,?255,?255(?:,[\d.]+)?\)|#fefefe|#fdfdfd|#fffffe)$/;
const HIDDEN_ATTRIBUTE =
  /(?:^|\s)(?:hidden(?:\s|=|\/|$)|aria-hidden\s*=\s*["']?true|type\s*=\s*["']?hidden)/i;
/** Joiners stay: emoji and some scripts need them. */
const SHAPELESS =
  /\u200b|[\u2060-\u2064]|[\u202a-\u202e]|[\u2066-\u2069]|\ufeff|\u180e|[\u{e0000}-\u{e007f}]|[\u{e0100}-\u{e01ef}]/gu;

/** Half of some of them is enough to look closer. */
const MAY_BE_SHAPELESS = /[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff\u180e\udb40]/;
/** Attributes without any of these put nothing out of sight, and nothing is read out of them. */
const MAY_CONCEAL = /hidden|style/i;
const MAY_BE_HIDDEN = /hidden/i;
const STYLE = /style\s*=\s*(?:"([^"]*)"|'([^']*)')/i;
const HAS_COLOR = /color/i;
const MAX_STYLES = 256;
const LONGEST_KNOWN_STYLE = 128;
const MAY_BE_READ_OUT = /alt|title|aria-|content|placeholder|summary|data-/i;

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const DASH = 0x2d;
const SLASH = 0x2f;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;

export class Markup {
  readonly #visitor: MarkupVisitor;
  /** Whether anybody asks what is left when all that is hidden is taken out. */
  readonly #isStripped: boolean;
  #open = '';
  /** The element out of sight that is open, and how many of its name within it. */
  #concealed: { name: string; depth: number } | undefined;

  constructor(visitor: MarkupVisitor, isStripped: boolean) {
    this.#visitor = visitor;
    this.#isStripped = isStripped;
  }

  /** What is left when all that is hidden is taken out; nothing where nobody asks. */
  push(piece: string): string {
    let left = '';
    for (let at = 0; at < piece.length; at += MAX_PIECE) left += this.#read(piece.slice(at, at + MAX_PIECE));
    return left;
  }

  #read(piece: string): string {
    const text = this.#open + piece;
    if (this.#open !== '' && !piece.includes('>') && text.length < openLimit(text)) {
      this.#open = text;
      return '';
    }
    this.#open = '';
    let left = '';
    let from = 0;
    for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
      const length = this.#markLength(text, at);
      if (length === 1) {
        at += 1;
        continue;
      }
      if (at > from) left += this.#words(text.slice(from, at));
      if (length === 0) {
        this.#open = text.slice(at);
        return left;
      }
      left += this.#mark(text, at, at + length);
      at += length;
      from = at;
    }
    return left + this.#words(from === 0 ? text : text.slice(from));
  }

  end(): string {
    const text = this.#open;
    this.#open = '';
    return this.#words(text);
  }

  /** Of the comment or tag at `at`; 1: there is none; 0: not known yet. */
  #markLength(text: string, at: number): number {
    const rest = text.length - at;
    if (rest > MAX_OPEN) return 1;
    const next = text.charCodeAt(at + 1) | 32;
    if (next >= 97 && next <= 122) return tagLength(text, at);
    if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at + 4);
      return end < 0 ? 0 : end + 3 - at;
    }
    if (rest < 4 && '<!--'.startsWith(text.slice(at))) return 0;
    if (text[at + 1] !== '/') return 1;
    if (rest === 2) return 0;
    return isLetter(text.charCodeAt(at + 2)) ? tagLength(text, at) : 1;
  }

  /** The comment or tag from `start` to `end`. */
  #mark(text: string, start: number, end: number): string {
    if (text.startsWith('<!--', start)) {
      this.#visitor.hidden('comment', text.slice(start + 4, end - 3));
      return '';
    }
    const isClose = text.charCodeAt(start + 1) === SLASH;
    const nameEnd = endOfName(text, start + (isClose ? 2 : 1));
    const name = text.slice(start + (isClose ? 2 : 1), nameEnd).toLowerCase();
    const attributes = text.slice(nameEnd, end - 1);
    const concealed = this.#concealed;
    if (concealed !== undefined) {
      if (name === concealed.name && !isVoid(name, attributes)) concealed.depth += isClose ? -1 : 1;
      if (concealed.depth === 0) this.#concealed = undefined;
      return '';
    }
    if (TURNS.test(name)) this.#visitor.seen(` ${text.slice(start, end)} `);
    const isLeft = attributes === '' || this.#attributes(name, attributes, isClose);
    return isLeft && this.#isStripped ? text.slice(start, end) : '';
  }

  /** Gives whether the tag stays where what is hidden is taken out. */
  #attributes(name: string, attributes: string, isClose: boolean): boolean {
    this.#readOut(attributes);
    if (isClose || !isOutOfSight(attributes)) return true;
    if (!isVoid(name, attributes)) {
      this.#concealed = { name, depth: 1 };
      return false;
    }
    eachAttribute(attributes, (_name, value) => this.#visitor.hidden('style', value));
    return name === 'input'; // forms need theirs
  }

  #readOut(attributes: string): void {
    if (!MAY_BE_READ_OUT.test(attributes)) return;
    eachAttribute(attributes, (name, value) => {
      if (READ_OUT.has(name.toLowerCase())) this.#visitor.attribute(value);
    });
  }

  #words(text: string): string {
    if (text === '') return text;
    if (this.#concealed !== undefined) {
      this.#visitor.hidden('style', text);
      return '';
    }
    this.#visitor.seen(text);
    if (!this.#isStripped) return '';
    const left = withoutShapeless(text);
    if (left !== text) this.#visitor.hidden('characters', '');
    return left;
  }
}

/** Of a tag that begins at `at`; 1: it is none; 0: not known yet. */
function tagLength(text: string, at: number): number {
  const most = Math.min(text.length, at + MAX_TAG);
  let quote = 0;
  for (let end = at + 1; end < most; end += 1) {
    const code = text.charCodeAt(end);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === GREATER) return end + 1 - at;
    else if (code === LESS) break;
    else if (code === QUOTE || code === APOSTROPHE) quote = code;
  }
  return text.length - at < MAX_TAG ? 0 : 1;
}

/** Where the name that begins at `start` ends. */
function endOfName(text: string, start: number): number {
  let end = start + 1;
  for (; ; end += 1) {
    const code = text.charCodeAt(end);
    if (!isAlphanumeric(code) && code !== COLON && code !== DASH) return end;
  }
}

/** `name="value"`, `name='value'` and `name=value`. */
function eachAttribute(attributes: string, visit: (name: string, value: string) => void): void {
  let from = 0;
  for (
    let sign = attributes.indexOf('=');
    sign >= 0;
    sign = attributes.indexOf('=', Math.max(from, sign + 1))
  ) {
    let nameEnd = sign;
    while (nameEnd > from && isSpace(attributes.charCodeAt(nameEnd - 1))) nameEnd -= 1;
    let start = nameEnd;
    while (start > from && nameEnd - start < MAX_NAME && isInName(attributes.charCodeAt(start - 1)))
      start -= 1;
    if (nameEnd - start < MIN_NAME) continue;
    let valueStart = sign + 1;
    while (isSpace(attributes.charCodeAt(valueStart))) valueStart += 1;
    const quote = attributes[valueStart] ?? '';
    const isQuoted = quote === '"' || quote === "'";
    if (isQuoted) valueStart += 1;
    const end = isQuoted ? attributes.indexOf(quote, valueStart) : endOfBare(attributes, valueStart);
    if (end < 0) continue;
    from = isQuoted ? end + 1 : end;
    visit(attributes.slice(start, nameEnd), attributes.slice(valueStart, end));
  }
}

/** Where a value without quotes ends; -1: there is none. */
function endOfBare(attributes: string, start: number): number {
  let end = start;
  for (; end < attributes.length; end += 1) {
    const code = attributes.charCodeAt(end);
    if (code === QUOTE || code === APOSTROPHE || code === GREATER || isSpace(code)) break;
  }
  return end === start ? -1 : end;
}

function isInName(code: number): boolean {
  return isLetter(code) || code === DASH;
}

function isSpace(code: number): boolean {
  return (
    code === 0x20 || (code >= 9 && code <= 13) || (code >= 0xa0 && SPACE.test(String.fromCharCode(code)))
  );
}

function isVoid(name: string, attributes: string): boolean {
  return VOID.test(name) || attributes.endsWith('/');
}

/** How far what is open can go without an end. */
function openLimit(open: string): number {
  return open.startsWith('<!--') ? MAX_OPEN : open.length < 4 ? 0 : MAX_TAG;
}

function isOutOfSight(attributes: string): boolean {
  if (!MAY_CONCEAL.test(attributes)) return false;
  if (
    MAY_BE_HIDDEN.test(attributes) &&
    HIDDEN_ATTRIBUTE.test(
      attributes.replace(/"[^"]*"|'[^']*'/g, (quoted) => (quoted.length < 10 ? quoted : '""')),
    )
  ) {
    return true;
  }
  const style = STYLE.exec(attributes);
  const text = style?.[1] ?? style?.[2] ?? '';
  return text !== '' && styles.puts(text);
}

/** Styles that came before: a page has the same ones again and again. */
class KnownStyles {
  readonly #known = new Map<string, boolean>();

  /** Whether a style puts its element out of sight. */
  puts(style: string): boolean {
    const known = this.#known.get(style);
    if (known !== undefined) return known;
    const isOut = OUT_OF_SIGHT.test(style) || isWhiteOnWhite(style);
    if (this.#known.size >= MAX_STYLES) this.#known.clear();
    if (style.length <= LONGEST_KNOWN_STYLE) this.#known.set(style, isOut);
    return isOut;
  }
}

const styles = new KnownStyles();

function isWhiteOnWhite(style: string): boolean {
  if (!HAS_COLOR.test(style)) return false;
  const colors = new Map<string, string>();
  for (const [, name = '', value = ''] of style.matchAll(COLOR)) {
    colors.set(name.startsWith('background') ? 'back' : 'front', value.replace(/\s/g, '').toLowerCase());
  }
  const front = colors.get('front');
  if (front === undefined) return false;
  const back = colors.get('back') ?? (WHITE.test(front) ? 'white' : '');
  return front === back || (WHITE.test(front) && WHITE.test(back));
}

/** Without characters that have no shape. */
function withoutShapeless(text: string): string {
  return MAY_BE_SHAPELESS.test(text) ? text.replace(SHAPELESS, '') : text;
}

/** Whether there is anything in a text that could hide something. */
export function mayHide(text: string): boolean {
  return text.includes('<') || withoutShapeless(text) !== text;
}
