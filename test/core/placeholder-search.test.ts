// Every placeholder of a known look is found wherever it stands, and nothing is looked up that can not be one.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/catalogue/catalogue.ts';
import { createPlaceholder, type PlaceholderShape } from '../../src/core/placeholder.ts';
import { PlaceholderSearch } from '../../src/core/placeholder-search.ts';

const shapes = readCatalogue().flatMap(({ id, placeholder }) =>
  placeholder === undefined ? [] : [[id, placeholder] as const],
);
const made = (shape: PlaceholderShape) =>
  createPlaceholder(shape, { bytes: (length) => randomBytes(length) });

describe('a placeholder', () => {
  it.each(shapes)('of the look of %s is found among those of all others', (_id, shape) => {
    const search = new PlaceholderSearch(shapes.map(([, each]) => each));
    const text = made(shape);
    expect(text.length).toBeLessThanOrEqual(search.maxLength);
    for (const around of [text, `{"key":"${text}","n":1}`, `a=${text}&b=`, `(${text})\n`]) {
      expect([...search.in(around, true)]).toContain(text);
    }
  });

  it.each(shapes.filter(([, { prefix }]) => prefix !== ''))(
    'with the prefix of %s is found also glued to other letters',
    (_id, shape) => {
      const search = new PlaceholderSearch([shape]);
      const text = made(shape);
      for (const around of [`x${text}y`, `${shape.prefix}${text}${shape.prefix}`, `${text}${text}`]) {
        expect([...search.in(around, false)]).toContain(text);
      }
    },
  );

  it('without a prefix is a word of its own, known once what follows is', () => {
    const search = new PlaceholderSearch([{ prefix: '', alphabet: 'hex', length: 32 }]);
    const word = 'a1'.repeat(16);
    expect([...search.in(`x ${word}`, false)]).toEqual([]);
    expect([...search.in(`x ${word}`, true)]).toEqual([word]);
    expect([...search.in(`x ${word} `, false)]).toEqual([word]);
    expect([...search.in(`${word}a1 a1${word}`, true)]).toEqual([]);
  });
});
