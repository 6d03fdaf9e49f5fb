// The lexical tokens of a GraphQL document (GraphQL, October 2021, §2.1): strict, so that nothing is read as a comment or a
// string here that a server would read as a field.
export interface GraphqlToken {
  readonly kind: 'punctuator' | 'name' | 'number' | 'string' | 'end';
  readonly text: string;
}

/** More than a document that a program writes has; keeps a hostile one from costing more. */
const MAX_TOKENS = 20_000;

const IGNORED = /(?:[\t\n\r ,\ufeff]|#[^\n\r]*)*/y;
const PUNCTUATOR = /\.\.\.|[!$&()=:@[\]{|}]/y;
const NAME = /[_A-Za-z][_0-9A-Za-z]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![._0-9A-Za-z])/y;
const BLOCK_STRING = /"""(?:\\"""|(?!\\""")[^"]|"(?!""))*"""/y;
/** Never the beginning of a block string that has no end. */
const STRING = /"(?!"")(?:[^"\\\n\r]|\\(?:u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|["\\/bfnrt]))*"/y;
/** C0 controls but for tab, line feed and carriage return. */
const CONTROL = /(?![\t\n\r])[^ -\u{10ffff}]/u;

const KINDS = [
  ['punctuator', PUNCTUATOR],
  ['name', NAME],
  ['number', NUMBER],
  ['string', BLOCK_STRING],
  ['string', STRING],
] as const;

/** All of them, and an `end`. Undefined: it is no such document. */
export function graphqlTokens(source: string): readonly GraphqlToken[] | undefined {
  if (CONTROL.test(source)) return undefined;
  const tokens: GraphqlToken[] = [];
  let at = ending(IGNORED, source, 0) ?? 0;
  while (at < source.length) {
    const token = tokenAt(source, at);
    if (token === undefined || tokens.length === MAX_TOKENS) return undefined;
    tokens.push(token);
    at += token.text.length;
    at = ending(IGNORED, source, at) ?? at;
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

function tokenAt(source: string, at: number): GraphqlToken | undefined {
  for (const [kind, pattern] of KINDS) {
    const end = ending(pattern, source, at);
    if (end !== undefined) return { kind, text: source.slice(at, end) };
  }
  return undefined;
}

/** Where what matches at `at` ends. */
function ending(pattern: RegExp, source: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : undefined;
}
