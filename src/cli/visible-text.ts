// Text that came from elsewhere, made harmless for a terminal: escape sequences, line tricks and reordering marks
// become visible instead of being obeyed.

// C0, DEL and C1 controls; line and paragraph separators; bidirectional marks, embeddings, overrides and isolates;
// zero-width and tag characters, which hide text.
const HOSTILE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** One line: every control character stands as `\xNN` or `\u{N}`. */
export function visible(text: string): string {
  return text.replace(HOSTILE, escaped);
}

/** Several lines: tab and line feed stay. */
export function visibleLines(text: string): string {
  return text.replace(HOSTILE, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
}

/** JSON for a terminal or a pipe; what JSON lets through unescaped is escaped by JSON's own `\uNNNN`. */
export function visibleJson(value: unknown, indent: number): string {
  return JSON.stringify(value, undefined, indent).replace(HOSTILE, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => jsonEscape(character.charCodeAt(at))).join(''),
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

function jsonEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
