// What looks for content in a text that comes piece by piece.

/** Something found, in places of the text that was looked at. */
export interface Match {
  /** A class, or the name of a pattern. */
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  /** A mask leaves what stands from here on. */
  readonly keptFrom: number;
  /** A mask leaves what is neither letter nor digit: the way it is written. */
  readonly isGrouped: boolean;
}

export interface SearchedText {
  /** From the first byte to `length`. What stands in front of where the search begins is only looked back at. */
  readonly bytes: Buffer;
  readonly length: number;
  /** Nothing follows. */
  readonly isLast: boolean;
}

export interface TextSearch {
  /**
   * Finds what begins at `from` or behind it. Gives the place from which the search must be taken up once more is there: in
   * front of it everything is decided, in the same way wherever the text was cut.
   */
  search(text: SearchedText, from: number, found: (match: Match) => void): number;
  /** Where a search of this text would be taken up, which has more to come; undefined: something may be found in it. */
  openAtWithoutFinds?(bytes: Buffer): number | undefined;
}

/** How far in front of a place the text still counts. */
export const LOOK_BACK_BYTES = 64;
/** No match is longer than half of it, and no more is held back. */
export const WINDOW_BYTES = 1024;
