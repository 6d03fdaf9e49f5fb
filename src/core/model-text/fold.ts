// Characters as the rules read them: one spelling for every way to write a letter. Full width and mathematical letters,
// accents, cases and invisible characters fold away; look-alikes of other scripts are told apart later, word by word.

/** What a code unit folds to, besides a letter's own code. */
export const INVISIBLE = 1;
export const SEPARATOR = 2;
/** Several letters, or half of a pair: look with `expand`. */
export const EXPANDS = 3;

const MARKS =
  /[\u0300-\u036f]|[\u0483-\u0489]|[\u0591-\u05c7]|\u0640|[\u064b-\u0655]|\u0670|[\u1ab0-\u1aff]|[\u20d0-\u20ff]/gu;
const IS_MARK = new RegExp(`^(?:${MARKS.source})$`, 'u');
/** Zero-width, bidirectional and other format characters, fillers, variation selectors. */
const IS_INVISIBLE =
  /^(?:\u00ad|\u034f|\u061c|\u115f|\u1160|\u17b4|\u17b5|[\u180b-\u180f]|[\u200b-\u200f]|[\u202a-\u202e]|[\u2060-\u206f]|\u3164|[\ufe00-\ufe0f]|\ufeff|\uffa0|[\ufff9-\ufffb])$/u;
const IS_WORD = /^[\p{L}\p{N}\p{M}]+$/u;

/** Letters that do not fall apart by themselves. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ...pairs('ßæœøłđħŧŋıſþð', ['ss', 'ae', 'oe', 'o', 'l', 'd', 'h', 't', 'n', 'i', 's', 'th', 'd']),
  ...pairs('ىةیکہۀ', ['ي', 'ه', 'ي', 'ك', 'ه', 'ه']),
  ...pairs('ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', Array.from('abcdefghijklmnoprstuvwyz')),
]);

/** Look-alikes of Latin letters, in lower case. */
const LOOK_ALIKES: ReadonlyMap<number, number> = new Map(
  [
    ...pairs('абвгдезикмнопрстухьіїјѕһԁԛԝӏ', Array.from('a6brdezukmhonpctyxbiijshdqwl')),
    ...pairs('αβγεηικμνοπρστυχωϲϳ', Array.from('abyenikuvonpotuxwcj')),
    ...pairs('աեիհոսւցօզյգ', Array.from('uthhnulgoqjq')),
    ...pairs('ɑɡɩʋꞮ', Array.from('agivi')),
    ...pairs('ꭰꭱꭲꭺꮃꮇꮋꮎꮓꮜꮢꮩꮪ', Array.from('deigwmhozurvs')),
  ].map(([from, to]) => [from.charCodeAt(0), to.charCodeAt(0)] as const),
);

function pairs(from: string, to: readonly string[]): [string, string][] {
  return Array.from(from).map((letter, at) => [letter, to[at] ?? '']);
}

/** The letters that one character stands for: none for what is not seen, a space for what separates. */
function foldCharacter(character: string): string {
  if (IS_INVISIBLE.test(character) || IS_MARK.test(character)) return '';
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xac00 && code <= 0xd7a3) return character; // Hangul would fall apart
  const enclosed = enclosedLetter(code);
  if (enclosed !== undefined) return enclosed;
  const bare = character.normalize('NFKD').replace(MARKS, '').normalize('NFC').toLowerCase();
  const letters = Array.from(bare)
    .map((letter) => LETTERS.get(letter) ?? letter)
    .join('');
  return IS_WORD.test(letters) ? letters : ' ';
}

/** Letters in circles, squares and flags that have no other form. */
function enclosedLetter(code: number): string | undefined {
  const first = [0x1f130, 0x1f150, 0x1f170, 0x1f1e6].findLast((start) => code >= start);
  if (first === undefined || code - first >= 26) return undefined;
  return String.fromCharCode(97 + code - first);
}

/** A text as rules spell their words. */
export function foldText(text: string): string {
  return Array.from(text, foldCharacter).join('');
}

/** The Latin letters that letters of other scripts are drawn like, by code; 0: none. */
function lookAlikeTable(): Uint16Array {
  const table = new Uint16Array(0x1_0000);
  for (const [from, to] of LOOK_ALIKES) table[from] = to;
  return table;
}

/** Scripts that are written without spaces between words: any character may begin one. All in whole blocks of 32. */
export function isUnspaced(code: number): boolean {
  if (code < 0x0e00) return false;
  return (
    code <= 0x0eff || // Thai, Lao
    (code >= 0x1000 && code <= 0x109f) || // Myanmar
    (code >= 0x1780 && code <= 0x17ff) || // Khmer
    (code >= 0x3040 && code <= 0x30ff) || // kana
    (code >= 0x3400 && code <= 0x9fff) || // Han
    (code >= 0xf900 && code <= 0xfaff)
  );
}

/** Folding by table, filled as characters come up. */
export class FoldTable {
  readonly #codes = new Uint16Array(0x1_0000);
  readonly #expansions = new Map<number, readonly number[]>();
  readonly lookAlikes = lookAlikeTable();

  /** What a code unit that is no half of a pair folds to: a letter, `INVISIBLE`, `SEPARATOR`, or `EXPANDS`. */
  unit(unit: number): number {
    const code = this.#codes[unit] ?? 0;
    return code === 0 ? this.#learn(unit) : code;
  }

  /** What a character folds to that is a pair of units or expands. */
  expand(point: number): readonly number[] {
    const known = this.#expansions.get(point);
    if (known !== undefined) return known;
    const folded = codesOf(foldCharacter(String.fromCodePoint(point)));
    if (this.#expansions.size < 20_000) this.#expansions.set(point, folded);
    return folded;
  }

  #learn(unit: number): number {
    const isHalf = unit >= 0xd800 && unit <= 0xdfff;
    const folded = isHalf ? [EXPANDS] : codesOf(foldCharacter(String.fromCharCode(unit)));
    const code = folded.length === 1 ? (folded[0] ?? SEPARATOR) : EXPANDS;
    this.#codes[unit] = code;
    return code;
  }
}

function codesOf(folded: string): readonly number[] {
  if (folded === '') return [INVISIBLE];
  return Array.from({ length: folded.length }, (_, at) => {
    const code = folded.charCodeAt(at);
    return code === 0x20 ? SEPARATOR : code;
  });
}
