// Texts in longer ones that have the look of a placeholder: where its prefix stands, or, of one without, a word of its own.
// What follows is looked at by its length alone, so that text glued to either end hides nothing.
import type { PlaceholderShape } from './placeholder.ts';

interface Look {
  readonly prefix: string;
  readonly pattern: RegExp;
}

const CLASSES = {
  hex: '0-9a-f',
  alphanumeric: '0-9A-Za-z',
  'upper-alphanumeric': '0-9A-Z',
  base64url: '0-9A-Za-z_-',
};

export class PlaceholderSearch {
  /** Of a whole placeholder, at most. */
  readonly maxLength: number;
  readonly #looks: readonly Look[];

  constructor(shapes: readonly PlaceholderShape[]) {
    this.#looks = [...new Map(shapes.map((shape) => [sourceOf(shape), shape]))].map(([source, shape]) => ({
      prefix: shape.prefix,
      pattern: new RegExp(
        shape.prefix === '' ? alone(source, shape) : source,
        shape.prefix === '' ? 'g' : 'y',
      ),
    }));
    this.maxLength = Math.max(0, ...shapes.map(lengthOf));
  }

  /** Overlapping ones too. Where more text follows, a word at the end of this one is not whole yet. */
  *in(text: string, isLast: boolean): Generator<string> {
    for (const { prefix, pattern } of this.#looks) {
      if (prefix === '') {
        for (const { 0: word, index } of text.matchAll(pattern)) {
          if (isLast || index + word.length < text.length) yield word;
        }
        continue;
      }
      for (let at = text.indexOf(prefix); at !== -1; at = text.indexOf(prefix, at + 1)) {
        pattern.lastIndex = at;
        const found = pattern.exec(text)?.[0];
        if (found !== undefined) yield found;
      }
    }
  }
}

function sourceOf({ prefix, alphabet, length, breaks = [], suffix = '' }: PlaceholderShape): string {
  const letters = (count: number) => `[${CLASSES[alphabet]}]{${count}}`;
  let source = escaped(prefix);
  let from = 0;
  for (const { at, text } of breaks) {
    source += letters(at - from) + escaped(text);
    from = at;
  }
  return source + letters(length - from) + escaped(suffix);
}

function alone(source: string, { alphabet }: PlaceholderShape): string {
  const letter = `[${CLASSES[alphabet]}]`;
  return `(?<!${letter})${source}(?!${letter})`;
}

function lengthOf({ prefix, length, breaks = [], suffix = '' }: PlaceholderShape): number {
  return breaks.reduce((total, { text }) => total + text.length, prefix.length + length + suffix.length);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
