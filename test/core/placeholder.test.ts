// Placeholders of a vendor's look: every shape of the catalogue, drawn again and again.
import { randomBytes } from 'node:crypto';
import * as fc from '../support/properties.ts';
import { describe, expect, test } from 'vitest';
import { findByKey, readCatalogue } from '../../src/catalogue/catalogue.ts';
import type { CatalogueEntry } from '../../src/catalogue/entry.ts';
import { createPlaceholder, PlaceholderShape } from '../../src/core/placeholder.ts';

const randomness = { bytes: (length: number) => randomBytes(length) };
/** Randomness that a property draws: shown and shrunk where it breaks one; the system's once it is used up. */
const drawn = fc.uint8Array({ minLength: 256, maxLength: 256 }).map((bytes) => {
  let rest = Buffer.from(bytes);
  return {
    bytes: (length: number) => {
      const taken = rest.length < length ? randomBytes(length) : rest.subarray(0, length);
      rest = rest.subarray(length);
      return taken;
    },
  };
});

const shaped = readCatalogue().flatMap((entry) =>
  entry.placeholder === undefined ? [] : [{ entry, shape: entry.placeholder, id: entry.id }],
);

describe('a placeholder of the catalogue', () => {
  test('is there for every entry with a known pattern', () => {
    const without = readCatalogue().filter(
      ({ keyPattern, placeholder }) => (keyPattern === undefined) !== (placeholder === undefined),
    );
    expect(without.map(({ id }) => id)).toEqual([]);
    expect(shaped.length).toBeGreaterThan(100);
  });

  test.each(shaped)("of $id passes for a key of it, and for no other service's", ({ entry, shape }) => {
    const pattern = new RegExp(entry.keyPattern ?? '$^');
    fc.assert(
      fc.property(drawn, (randomness) => {
        const text = createPlaceholder(shape, randomness);
        expect(text).toMatch(pattern);
        const strangers = findByKey(text).filter((found) => !isAlike(found, entry));
        expect(strangers.map(({ id }) => id)).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  test.each(shaped)('of $id is another one each time', ({ shape }) => {
    const texts = Array.from({ length: 200 }, () => createPlaceholder(shape, randomness));
    expect(new Set(texts).size).toBe(200);
  });

  test.each([
    ['slack', /^xoxb-/],
    ['github', /^ghp_[A-Za-z0-9]{36}$/],
    ['stripe', /^sk_test_/],
    ['openai', /^sk-proj-/],
    ['anthropic', /^sk-ant-api03-[A-Za-z0-9_-]{93}AA$/],
    ['aws', /^[A-Za-z0-9/+]{40}$/],
    ['e2b', /^e2b_[0-9a-f]{40}$/],
    ['sendgrid', /^SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/],
    ['hubspot', /^pat-na1-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/],
  ])('of %s is what its clients look for', (id, look) => {
    const shape = shaped.find((each) => each.id === id)?.shape;
    expect(shape && createPlaceholder(shape, randomness)).toMatch(look);
  });
});

/** Keys of one look: of one vendor, or of vendors that can not be told apart. */
function isAlike(found: CatalogueEntry, entry: CatalogueEntry): boolean {
  const [one, other] = [found, entry].map(({ placeholder }) => placeholder?.prefix);
  // Tokens of a GitHub App pass where personal ones do.
  return found.id === entry.id || one === other || (one === 'ghp_' && other === 'ghs_');
}

describe('a shape', () => {
  test('has 96 random bits or is none', () => {
    const shape = (alphabet: string, length: number) =>
      PlaceholderShape.safeParse({ prefix: 'key_', alphabet, length }).success;
    expect([shape('hex', 23), shape('hex', 24)]).toEqual([false, true]);
    expect([shape('base64url', 15), shape('base64url', 16)]).toEqual([false, true]);
    expect([shape('alphanumeric', 16), shape('alphanumeric', 17)]).toEqual([false, true]);
  });

  test('puts its letters, its breaks and its end where it says', () => {
    const shape = PlaceholderShape.parse({
      prefix: 'p-',
      alphabet: 'hex',
      length: 24,
      breaks: [
        { at: 4, text: '-' },
        { at: 8, text: '__' },
      ],
      suffix: '-eu',
    });
    const zeros = { bytes: (length: number) => Buffer.alloc(length) };
    expect(createPlaceholder(shape, zeros)).toBe('p-0000-0000__0000000000000000-eu');
  });

  test('draws every letter as often as any other', () => {
    const shape = PlaceholderShape.parse({ prefix: '', alphabet: 'alphanumeric', length: 400 });
    // Every byte once: those beyond the last whole round of the 62 letters are left out, not folded onto the first.
    let at = 0;
    const rising = {
      bytes: (length: number) => Buffer.from(Array.from({ length }, () => at++ % 256)),
    };
    const text = createPlaceholder(shape, rising);
    const counts = new Map<string, number>();
    for (const letter of text.slice(0, 248)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(new Set(counts.values())).toEqual(new Set([4]));
  });
});
