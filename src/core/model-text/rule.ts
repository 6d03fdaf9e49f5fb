// A rule on text that a model reads or writes, as data: phrases of words with gaps, in one language.

const CATEGORIES = [
  'override', // drop what you were told
  'role', // be somebody else from now on
  'prompt', // tell what you were told
  'exfiltration', // carry data out
  'tool', // call, run, pay, delete
  'authority', // pretend to be the system, its maker or its administrator
  'template', // the marks between turns of a conversation
  'credentials', // keys, passwords
  'persona', // the known names of jailbreaks
  'hidden', // do not tell the user
  'recital', // a model tells what it was told
] as const;
type Category = (typeof CATEGORIES)[number];

/** What a model reads, what it writes, or both. */
export type Side = 'reads' | 'writes' | 'both';

export interface Rule {
  /** Begins with its language: `en-override-earlier`. */
  readonly id: string;
  readonly category: Category;
  /** `STRONG` and more is a finding by itself; less only together with others nearby. */
  readonly weight: number;
  /**
   * Words in their order: `ignor*|disregard <earlier> instruct*|rule*`. A `*` is for any ending, `from+now+on` for words
   * that follow each other, `<name>` for a list of the language, `@url` for a kind of text, `{5} ` before a word for how
   * many words may stand between it and the one before it, where that is not `gap`.
   */
  readonly patterns: readonly string[];
  /** Words that may stand between two of a pattern; 3 unless told. */
  readonly gap?: number;
  /** Unless told, what a model reads. */
  readonly side?: Side;
  /** Texts that it alone, or with the weaker rules it is meant to go with, must find. */
  readonly matches: readonly string[];
  /** Texts that look alike and must not be a finding. */
  readonly passes: readonly string[];
}

/** The rules of one language. */
export interface RuleSet {
  /** ISO 639-1, or `any`. */
  readonly language: string;
  /** Lists of words that patterns name. */
  readonly words?: Readonly<Record<string, string>>;
  /** Words directly before a pattern that turn it around: `never ignore …`. */
  readonly negations?: string;
  /** Words that tell a text about attacks from an attack; what is quoted after one weighs less. */
  readonly mentions?: string;
  readonly rules: readonly Rule[];
}

/** The weight at which a text is a finding. */
export const STRONG = 10;

/** Kinds of text that patterns can name. */
export const KINDS = [
  '@url',
  '@email',
  '@image', // a Markdown image whose address carries data
  '@image-slot', // a Markdown image whose address has a place for data
  '@template', // a token of a chat template
  '@turn', // a line that begins like a turn of somebody else: `### System:`
  '@speaker', // a line that begins like a turn of a conversation: `Human:`
  '@bidi', // a bidirectional override
  '@invisible', // invisible characters within words, or many in a row
] as const;
export type TextKind = (typeof KINDS)[number];
