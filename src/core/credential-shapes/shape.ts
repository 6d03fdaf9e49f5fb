// What a credential looks like that nobody here has stored: a beginning that only keys have, or the name of the field that
// keys stand in, and then characters of one kind that look random.

export const LETTERS = {
  hex: '0123456789abcdefABCDEF',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  alnum: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  word: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-',
  dotted: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.',
  base64: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-',
  token: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.+/=~',
  any: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.+/=~:',
  lines: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r\n\\',
} as const;
type Letters = keyof typeof LETTERS;

export interface CredentialShape {
  /** Told in findings, such as `github-token`. */
  readonly id: string;
  /** Texts of at least four characters, one of which stands in front of the secret part. They are public. */
  readonly begins: readonly string[];
  readonly letters: Letters;
  /** Characters of the secret part; without `most` there may be any number. */
  readonly least: number;
  readonly most?: number;
  /** The beginning is the name of a field: a colon or an equals sign follows it, with quotes and spaces around. */
  readonly isField?: boolean;
  /** What beginning and secret part together have to match; of what its group finds, if it has one, that has to look random. */
  readonly check?: RegExp;
}
