// Each class against texts that it must find and texts that it must not.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CONTENT_CLASSES, type ContentClass } from '../../../src/core/content/classes.ts';
import { rulesOf, scanWith, tableOf } from './search.ts';

interface Examples {
  readonly found: string[];
  readonly passed: string[];
}

const examples = readExamples();
const LEAST = 20;

function readExamples(): ReadonlyMap<string, Examples> {
  const all = new Map<string, Examples>();
  let at: Examples | undefined;
  for (const line of readFileSync(new URL('examples.txt', import.meta.url), 'utf8').split('\n')) {
    const text = line.slice(2);
    if (line.startsWith('= ')) all.set(text, (at = { found: [], passed: [] }));
    else if (line.startsWith('+ ')) at?.found.push(text);
    else if (line.startsWith('- ')) at?.passed.push(text);
  }
  return all;
}

test('there are examples of every class but of credentials, which have a list of their own', () => {
  const listed = [...examples.keys()].toSorted();
  expect([...listed, 'credential'].toSorted()).toEqual([...CONTENT_CLASSES].toSorted());
  for (const [name, { found, passed }] of examples) {
    expect(found.length, name).toBeGreaterThanOrEqual(LEAST);
    expect(passed.length, name).toBeGreaterThanOrEqual(LEAST);
  }
});

describe.each([...examples])('%s', (name, { found, passed }) => {
  const table = tableOf(rulesOf([name as ContentClass]));

  test.each(found)('is found in %s', (marked) => {
    const [before = '', inside = '', behind = ''] = marked.split(/[«»]/);
    const { text, rules } = scanWith(table, [before + inside + behind]);
    expect(rules).toEqual([name]);
    expect(Buffer.byteLength(text)).toBe(Buffer.byteLength(before + inside + behind));
    expect(text.startsWith(before)).toBe(true);
    expect(text.endsWith(behind)).toBe(true);
    const masked = text.slice(before.length, text.length - behind.length);
    expect(masked).toMatch(name === 'card' ? /^[* -]+[\d -]{4,}$/ : /^[^A-Za-z0-9]*$/);
  });

  test.each(passed)('is not found in %s', (text) => {
    expect(scanWith(table, [text])).toMatchObject({ text, rules: [] });
  });
});
