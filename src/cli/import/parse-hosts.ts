// `hosts.yml` of GitHub's `gh`: hosts at the margin, and their tokens below, once for the host and once a user.
import { decodeUtf8, type FoundValue, lineCounter, type Parsed } from './found-value.ts';

const LINE = /[^\r\n]+/g;
const HOST = /^(["']?)([^\s"'#:][^\s"':]*)\1:[ \t]*(?:#.*)?$/;
const TOKEN = /^([ \t]+oauth_token:[ \t]+)(?:"([^"\\]*)"|'([^']*)'|([^\s"'#&*!|>%@`][^#]*?))[ \t]*(?:#.*)?$/;

export function parseHosts(text: string): Parsed {
  const values: FoundValue[] = [];
  const troubles: string[] = [];
  const lineOf = lineCounter(text);
  let host = '';
  for (const { index, 0: line } of text.matchAll(LINE)) {
    host = HOST.exec(line)?.[2] ?? host;
    const found = TOKEN.exec(line);
    if (found === null) {
      if (/^[ \t]+oauth_token:[ \t]*\S/.test(line)) {
        troubles.push(`Line ${String(lineOf(index))} holds a token in a form that is not read.`);
      }
      continue;
    }
    const [, before = '', double, single, plain] = found;
    const value = double ?? single ?? plain ?? '';
    const start = index + before.length + (plain === undefined ? 1 : 0);
    const end = start + value.length;
    values.push({
      name: 'oauth_token',
      value: decodeUtf8(value),
      start,
      end,
      line: lineOf(index),
      scope: host,
      host,
    });
  }
  return { values, troubles };
}
