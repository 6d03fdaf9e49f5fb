// The literal texts that whatever matches an expression begins with: what a search through many files looks for before it
// tries the expression itself.

/** Long enough not to stand in every line. */
const ENOUGH = 4;
const MOST = 64;

/** Undefined: its matches begin in too many ways. At least one text per branch, each of at least two letters. */
export function keyBeginnings(pattern: string): readonly string[] | undefined {
  const branches = splitBranches(pattern);
  const all = branches.map((branch) => beginningsOf(branch.replace(/^\^/, '')));
  const texts = all.flat();
  return texts.length <= MOST && texts.every((text) => text.length >= 2) && texts.length > 0
    ? texts
    : undefined;
}

/** The expression without its anchors, to be tried at a place in a text. */
export function unanchored(pattern: string): string {
  return splitBranches(pattern)
    .map((branch) => branch.replace(/^\^/, '').replace(/([^\\]|^)\$$/, '$1'))
    .join('|');
}

function beginningsOf(sequence: string): string[] {
  let texts = [''];
  let rest = sequence;
  while (rest !== '' && Math.min(...texts.map(({ length }) => length)) < ENOUGH) {
    const step = firstPart(rest);
    if (step === undefined || texts.length * step.choices.length > MOST) break;
    texts = texts.flatMap((text) => step.choices.map((choice) => text + choice));
    rest = step.rest;
  }
  return texts.map((text) => text.slice(0, ENOUGH + 4));
}

interface Part {
  readonly choices: readonly string[];
  readonly rest: string;
}

/** The first part of a sequence, if it stands there exactly once. */
function firstPart(sequence: string): Part | undefined {
  const literal = /^(?:\\([^A-Za-z0-9])|([A-Za-z0-9_\-/:=]))/.exec(sequence);
  if (literal !== null) return repeated([literal[1] ?? literal[2] ?? ''], sequence.slice(literal[0].length));
  const set = /^\[([A-Za-z0-9]{1,8})\]/.exec(sequence);
  if (set !== null) return repeated((set[1] ?? '').split(''), sequence.slice(set[0].length));
  if (!sequence.startsWith('(?:')) return undefined;
  const end = closingOf(sequence);
  const inside = splitBranches(sequence.slice(3, end)).map(beginningsOf);
  // Behind a choice that is not read to its end nothing more is known.
  const rest = sequence.slice(end + 1);
  if (/^[?*{]/.test(rest)) return undefined;
  const choices = inside.flat();
  return { choices, rest: isFullyRead(sequence.slice(3, end)) ? rest.replace(/^\+/, '?') : '?' };
}

function repeated(choices: readonly string[], rest: string): Part | undefined {
  const times = /^\{(\d)\}/.exec(rest);
  if (times !== null) {
    const single = choices.length === 1 ? choices[0] : undefined;
    return single === undefined
      ? undefined
      : { choices: [single.repeat(Number(times[1]))], rest: rest.slice(3) };
  }
  if (/^[?*{]/.test(rest)) return undefined;
  return { choices, rest: rest.startsWith('+') ? '?' : rest };
}

/** Whether each branch is plain text, and so short that it is taken whole. */
function isFullyRead(inside: string): boolean {
  return splitBranches(inside).every((branch) => /^[A-Za-z0-9_-]{0,4}$/.test(branch));
}

function splitBranches(pattern: string): string[] {
  const branches: string[] = [];
  let from = 0;
  scan(pattern, (character, at, depth) => {
    if (character !== '|' || depth !== 0) return false;
    branches.push(pattern.slice(from, at));
    from = at + 1;
    return false;
  });
  return [...branches, pattern.slice(from)];
}

function closingOf(sequence: string): number {
  let end = sequence.length;
  scan(sequence, (character, at, depth) => {
    if (character !== ')' || depth !== 0) return false;
    end = at;
    return true;
  });
  return end;
}

/** Every character outside classes with its depth in groups, until `visit` answers true. */
function scan(pattern: string, visit: (character: string, at: number, depth: number) => boolean): void {
  let depth = 0;
  let isInClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    if (character === '\\') at += 1;
    else if (isInClass) isInClass = character !== ']';
    else if (character === '[') isInClass = true;
    else {
      if (character === ')') depth -= 1;
      if (visit(character, at, depth)) return;
      if (character === '(') depth += 1;
    }
  }
}
