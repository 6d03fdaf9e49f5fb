// Characters that no screen shows: those that spell a text (Unicode tags, variation selectors) are read, the others counted.
import type { TextKind } from './rule.ts';

/** Flags of regions are spelled with up to six tags after a black flag. */
const MAX_FLAG_TAGS = 7;
const MAX_TAGS = 4096;
const MANY_IN_A_ROW = 8;
const MANY_WITHIN_WORDS = 3;

interface UnseenOptions {
  /** What the characters spell. */
  readonly onText: (letter: string) => void;
  readonly onKind: (kind: TextKind) => void;
}

export class Unseen {
  readonly #options: UnseenOptions;
  /** Something came after which nothing seen has come. */
  isOpen = false;
  #withinWords = 0;
  #inARow = 0;
  #tags = '';
  #bytes: number[] = [];

  constructor(options: UnseenOptions) {
    this.#options = options;
  }

  /** `isWithin`: between two letters of one word. */
  add(point: number, isWithin: boolean): void {
    const { onKind } = this.#options;
    if (point >= 0xe0020 && point <= 0xe007e) {
      this.isOpen = true;
      this.#tags += String.fromCharCode(point - 0xe0000);
      if (this.#tags.length === MAX_FLAG_TAGS + 1) onKind('@invisible');
      if (this.#tags.length >= MAX_TAGS) this.#endTags();
      return;
    }
    const byte = selectorByte(point);
    if (byte !== undefined) return this.#selector(byte);
    if (point === 0x202d || point === 0x202e) return onKind('@bidi');
    this.isOpen = true;
    this.#inARow += 1;
    if (isWithin) this.#withinWords += 1;
    if (this.#inARow === MANY_IN_A_ROW || (isWithin && this.#withinWords === MANY_WITHIN_WORDS)) {
      onKind('@invisible');
    }
  }

  /** A character that is seen came. */
  seen(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#inARow = 0;
    this.#endTags();
    // One or two choose the look of an emoji; many in a row are bytes.
    if (this.#bytes.length >= MANY_IN_A_ROW) {
      this.#options.onText(Buffer.from(this.#bytes).toString('utf8'));
      this.#options.onKind('@invisible');
    }
    this.#bytes = [];
  }

  /** The text is over. */
  end(): void {
    this.seen();
    this.#withinWords = 0;
  }

  #selector(byte: number): void {
    this.isOpen = true;
    if (this.#bytes.length < 65_536) this.#bytes.push(byte);
  }

  #endTags(): void {
    if (this.#tags.length > MAX_FLAG_TAGS) this.#options.onText(this.#tags);
    this.#tags = '';
  }
}

/** The byte that one of the 256 variation selectors stands for, as those who hide text in them count. */
function selectorByte(point: number): number | undefined {
  if (point >= 0xfe00 && point <= 0xfe0f) return point - 0xfe00;
  return point >= 0xe0100 && point <= 0xe01ef ? point - 0xe0100 + 16 : undefined;
}
