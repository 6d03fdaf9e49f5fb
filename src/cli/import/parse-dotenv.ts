// `.env` files and the assignments of `.envrc`. There is no specification: what the usual readers agree on is read, and a
// line they read differently is told as odd, so that its value is left alone.
import { decodeUtf8, type FoundValue, lineCounter, type Parsed } from './found-value.ts';

const ASSIGNMENT = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*/y;
const BLANK_OR_COMMENT = /[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|$)/y;
const REST_OF_LINE = /[^\r\n]*/y;
const LINE_END = /\r\n?|\n/y;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

export function parseDotenv(text: string): Parsed {
  const values: FoundValue[] = [];
  const troubles: string[] = [];
  const lineOf = lineCounter(text);
  let at = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  while (at < text.length) {
    const assigned = match(ASSIGNMENT, text, at);
    if (assigned !== undefined) {
      const read = readValue(text, at + assigned[0].length);
      const line = lineOf(at);
      values.push({ name: assigned[1] ?? '', line, scope: '', ...read.value });
      at = read.next;
    } else if (match(BLANK_OR_COMMENT, text, at) === undefined) {
      troubles.push(`Line ${String(lineOf(at))} is no assignment.`);
    }
    at += match(REST_OF_LINE, text, at)?.[0].length ?? 0;
    at += match(LINE_END, text, at)?.[0].length ?? 0;
  }
  return { values, troubles };
}

type Read = Pick<FoundValue, 'value' | 'start' | 'end' | 'oddity'>;

function readValue(text: string, start: number): { readonly value: Read; readonly next: number } {
  const quote = text[start] ?? '';
  if (!/["'`]/.test(quote)) return readPlain(text, start);
  const close = findClose(text, start + 1, quote);
  if (close === -1) {
    const plain = readPlain(text, start);
    return { ...plain, value: { ...plain.value, oddity: 'its quote is not closed' } };
  }
  const inner = text.slice(start + 1, close);
  const next = close + 1;
  const oddity = oddityBehind(text, next) ?? oddityWithin(inner, quote);
  const value = decodeUtf8(quote === '"' ? unescaped(inner) : inner);
  return {
    value: { value, start: start + 1, end: close, ...(oddity === undefined ? {} : { oddity }) },
    next,
  };
}

/** Without quotes: to the end of the line, or to a comment. */
function readPlain(text: string, start: number): { readonly value: Read; readonly next: number } {
  const rest = match(REST_OF_LINE, text, start)?.[0] ?? '';
  const next = start + rest.length;
  const said = (rest.startsWith('#') ? '' : rest.replace(/[ \t]#.*$/s, '')).trimEnd();
  const oddity = plainOddity(said);
  const read = { value: decodeUtf8(said), start, end: start + said.length };
  return { value: oddity === undefined ? read : { ...read, oddity }, next };
}

function plainOddity(text: string): string | undefined {
  if (/\$[A-Za-z_{(]|^\$|`/.test(text)) return 'it is put together from other variables';
  if (text.includes('#')) return 'programs disagree about the # in it';
  if (/["'\\]/.test(text)) return 'programs disagree about the quote or backslash in it';
  return undefined;
}

/** Where the quote closes; backslashes only count between double quotes. */
function findClose(text: string, from: number, quote: string): number {
  if (quote !== '"') return text.indexOf(quote, from);
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}

function oddityBehind(text: string, at: number): string | undefined {
  return match(BLANK_OR_COMMENT, text, at) === undefined ? 'more stands behind its closing quote' : undefined;
}

function oddityWithin(inner: string, quote: string): string | undefined {
  if (quote === "'") return inner.endsWith('\\') ? 'programs disagree about the backslash in it' : undefined;
  return /(?:^|[^\\])\$[A-Za-z_{(]/.test(inner) ? 'it is put together from other variables' : undefined;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, (whole, character: string) => {
    if (character === 'n') return '\n';
    if (character === 'r') return '\r';
    return /["\\$`]/.test(character) ? character : whole;
  });
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
