// The forms a value may be sent in. Percent and JSON escapes are undone in what is searched, so they need no forms of their
// own.
import { isGuessable } from '../leak-scan/guessable.ts';
import { looksRandom } from '../leak-scan/looks-random.ts';
import { patternsOf } from '../leak-scan/patterns.ts';

export interface Form {
  /** At least `MIN_FORM_BYTES`, at most `MAX_FORM_BYTES`. */
  readonly bytes: Buffer;
  /** Counts only where nothing of a longer word stands beside it. */
  readonly isBounded: boolean;
}

/** Nothing shorter has a form. */
const MIN_FORM_BYTES = 8;

/** Of longer values their beginning counts: a search holds no more than this back. */
const MAX_FORM_BYTES = 2000;

/** A ruler of hyphens is a value too, and stands in every second file. */
const FEWEST_DIFFERENT_BYTES = 5;

/** From here on a phrase of words is one that somebody made up, and not text. */
const PHRASE_BYTES = 16;

/** Or two with a sign between them, such as `application/json`. */
const WORD = /^(?=.{1,32}$)[A-Za-z]+(?:[./_-][A-Za-z]+)?$/;

const WRITTEN_AS: ReadonlySet<string> = new Set(['raw', 'hex', 'base64']);

/**
 * None for a value that stands in ordinary text by itself: under eight bytes, or a word. A short one that people chose, such
 * as `hunter22`, counts as a whole token only.
 */
export function formsOf(value: Buffer): Form[] {
  if (value.length < MIN_FORM_BYTES) return [];
  const text = value.toString('latin1');
  const isNumber = /^[0-9.:/ -]+$/.test(text) && value.length < PHRASE_BYTES;
  if (looksRandom(value) && !isGuessable(value) && !isNumber) return everyForm(value);
  const isPhrase = /^[A-Za-z ]*$/.test(text) && value.length < PHRASE_BYTES;
  if (isPhrase || WORD.test(text) || new Set(value).size < FEWEST_DIFFERENT_BYTES) return [];
  const forms = [text, text.replaceAll(' ', '+')]; // as HTML forms write a space
  return [...new Set(forms)].map((form) => ({
    bytes: clipped(Buffer.from(form, 'latin1')),
    isBounded: true,
  }));
}

function everyForm(value: Buffer): Form[] {
  return patternsOf({ id: '', value })
    .filter(({ view, bytes }) => WRITTEN_AS.has(view) && bytes.length >= MIN_FORM_BYTES)
    .map(({ bytes }) => ({ bytes: clipped(bytes), isBounded: false }));
}

function clipped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, MAX_FORM_BYTES));
}
