// `~/.netrc`: words in the order machine, login, password. A macro runs to the next empty line and is passed over.
import { decodeUtf8, type FoundValue, lineCounter, type Parsed } from './found-value.ts';

/** A comment, a word in double quotes, or a word. */
const WORD = /[ \t\r\n]*(?:(#[^\r\n]*)|"((?:[^"\\\r\n]|\\[^\r\n])*)"|([^ \t\r\n]+))/y;
const MACRO = /[^]*?(?:\r?\n[ \t]*\r?\n|$)/y;

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

interface Machine {
  readonly host: string;
  login: string;
}

export function parseNetrc(text: string): Parsed {
  const passwords: { readonly word: Word; readonly machine: Machine }[] = [];
  let machine: Machine = { host: '', login: '' };
  let word = readWord(text, 0);
  while (word !== undefined) {
    const kind = word.text;
    if (kind === 'macdef') {
      word = readWord(text, endOfMacro(text, word.next));
      continue;
    }
    const takesWord = ['machine', 'login', 'account', 'password'].includes(kind);
    const given: Word | undefined = takesWord ? readWord(text, word.next) : undefined;
    if (kind === 'default') machine = { host: '', login: '' };
    if (kind === 'machine') machine = { host: decodeUtf8(given?.text ?? ''), login: '' };
    if (kind === 'login') machine.login = decodeUtf8(given?.text ?? '');
    if (kind === 'password' && given !== undefined) passwords.push({ word: given, machine });
    word = readWord(text, (given ?? word).next);
  }
  const lineOf = lineCounter(text);
  const values = passwords.map(
    ({ word: { text: value, start, end }, machine: { host, login } }): FoundValue => ({
      name: 'password',
      value: decodeUtf8(value),
      start,
      end,
      line: lineOf(start),
      scope: host,
      host,
      user: login,
      ...(text.slice(start, end) === value ? {} : { oddity: 'it holds an escaped character' }),
    }),
  );
  return { values, troubles: [] };
}

function readWord(text: string, from: number): Word | undefined {
  for (let at = from; ; ) {
    WORD.lastIndex = at;
    const found = WORD.exec(text);
    if (found === null) return undefined;
    const next = WORD.lastIndex;
    const [, comment, quoted, plain = ''] = found;
    if (comment !== undefined) at = next;
    else if (quoted === undefined) return { text: plain, start: next - plain.length, end: next, next };
    else {
      const end = next - 1;
      return { text: quoted.replaceAll(/\\(.)/g, '$1'), start: end - quoted.length, end, next };
    }
  }
}

function endOfMacro(text: string, from: number): number {
  MACRO.lastIndex = from;
  MACRO.exec(text);
  return MACRO.lastIndex;
}
