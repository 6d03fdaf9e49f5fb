// Configurations of MCP clients: Claude Desktop, Claude Code, Cursor and VS Code. Each starts its servers with variables
// from an `env` object; those are read. Keys elsewhere in the file are told, and left alone.
import { type FoundValue, lineCounter, type Parsed } from './found-value.ts';
import { type JsonString, jsonStrings, NotJson } from './json-strings.ts';

/** Under either name the clients keep their servers: a record of them by name. */
const SERVERS = ['mcpServers', 'servers'];

export function parseMcp(text: string): Parsed {
  const lineOf = lineCounter(text);
  try {
    return { values: jsonStrings(text).flatMap((string) => toValue(string, lineOf)), troubles: [] };
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return { values: [], troubles: [`Line ${String(lineOf(error.at))} is not JSON.`] };
  }
}

function toValue(string: JsonString, lineOf: (offset: number) => number): FoundValue[] {
  const { path, value, start, end } = string;
  const name = path.at(-1) ?? '';
  const isEnv = path.length >= 4 && path.at(-2) === 'env' && SERVERS.includes(path.at(-4) ?? '');
  const found = { name, value, start, end, line: lineOf(start) };
  if (isEnv) {
    const oddity = /\$\{/.test(value) ? { oddity: 'it is put together from other variables' } : {};
    return [{ ...found, scope: path.slice(0, -1).join('.'), ...oddity }];
  }
  const isNearServer = path.some((part) => SERVERS.includes(part));
  const bare = value.replace(/^(?:Bearer|token)\s+/i, '');
  return isNearServer
    ? [
        {
          ...found,
          value: bare,
          scope: path.join('.'),
          oddity: 'it does not stand in env',
          isElsewhere: true,
        },
      ]
    : [];
}

/** Text that gives one more variable, to stand right behind the value that ends (inside its quotes) at `end`. */
export function memberBehind(text: string, start: number, variable: readonly [string, string]): string {
  const [name, value] = variable;
  const lineStart = Math.max(text.lastIndexOf('\n', start), text.lastIndexOf('\r', start)) + 1;
  // On a line of its own the new member is too, else it follows on the same line.
  const indent = /^([ \t]*)"[^"]*"\s*:\s*"$/.exec(text.slice(lineStart, start))?.[1];
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const gap = indent === undefined || lineStart === 0 ? ' ' : `${ending}${indent}`;
  return `,${gap}${JSON.stringify(name)}: ${JSON.stringify(value)}`;
}
