// What a parser finds in a file: values with the exact bytes they stand in, so that replacing one changes nothing else.
// Files are read as Latin-1, in which a character is a byte: offsets in the text are offsets in the file.

export interface FoundValue {
  /** The variable, or the field where the format has none. */
  readonly name: string;
  /** As a program that reads the file gets it. */
  readonly value: string;
  /** First byte of what a replacement stands in place of, inside any quotes. */
  readonly start: number;
  /** Behind its last byte. */
  readonly end: number;
  /** From 1. */
  readonly line: number;
  /** What belongs together within a file: a profile, a machine, an MCP server. Empty for the whole file. */
  readonly scope: string;
  /** Why programs may read it in another way than it stands here; such a value is left alone. */
  readonly oddity?: string;
  /** Stands where no variables do: only told of when it is a key. */
  readonly isElsewhere?: true;
  /** The host it is for, where the file says so. */
  readonly host?: string;
  /** The user that goes with a password. */
  readonly user?: string;
}

export interface Parsed {
  /** In the order they stand in; they do not overlap. */
  readonly values: readonly FoundValue[];
  /** Sentences about lines that could not be read; without values. */
  readonly troubles: readonly string[];
}

/** The bytes of a Latin-1 text as the UTF-8 they are. */
export function decodeUtf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** Line of an offset, from 1. The offsets asked for may come in any order. */
export function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (const { index, 0: ending } of text.matchAll(/\r\n?|\n/g)) starts.push(index + ending.length);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
