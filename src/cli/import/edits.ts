// Changes of a file at exact places, and the proof that they changed what they should and nothing else: the new text is
// read again by the same parser.
import type { FoundValue } from './found-value.ts';
import { memberBehind } from './parse-mcp.ts';
import type { PlannedKey } from './plan.ts';
import { parse, type SourceFile } from './source-file.ts';

export interface Edit {
  readonly start: number;
  readonly end: number;
  /** ASCII. */
  readonly text: string;
}

/** A base URL variable, and what it is to hold. */
export type PointedVariable = readonly [name: string, value: string];

export interface Replacement {
  readonly key: PlannedKey;
  readonly placeholder: string;
  /** For the configurations of MCP clients, whose servers nobody starts by `doorward run`. */
  readonly variables: readonly PointedVariable[];
}

/** One place in a file, and what is to stand there. */
export interface PlacedReplacement {
  readonly found: FoundValue;
  readonly replacement: Replacement;
}

/** What is to change in each file. */
export function byFile(replacements: readonly Replacement[]): Map<SourceFile, PlacedReplacement[]> {
  const files = new Map<SourceFile, PlacedReplacement[]>();
  for (const replacement of replacements) {
    for (const { origin, found } of replacement.key.places) {
      if (origin.file === undefined) continue;
      const placed = files.get(origin.file) ?? [];
      files.set(origin.file, placed);
      placed.push({ found, replacement });
    }
  }
  return files;
}

/** The changes of one file, in the order of their places. */
export function editsOf(file: SourceFile, placed: readonly PlacedReplacement[]): Edit[] {
  const edits: Edit[] = [];
  for (const { found, replacement } of placed) {
    edits.push({ start: found.start, end: found.end, text: replacement.placeholder });
    if (file.format === 'mcp') edits.push(...pointed(file, found, replacement.variables));
  }
  const unlike = new Map(
    edits.map((edit) => [`${String(edit.start)} ${String(edit.end)} ${edit.text}`, edit]),
  );
  return [...unlike.values()].toSorted((one, other) => one.start - other.start || one.end - other.end);
}

/** Base URL variables beside a key: changed where they are there, put behind the key where they are not. */
function pointed(file: SourceFile, found: FoundValue, variables: readonly PointedVariable[]): Edit[] {
  const siblings = file.values.filter(
    ({ scope, isElsewhere }) => scope === found.scope && isElsewhere !== true,
  );
  const text = file.bytes.toString('latin1');
  const missing: string[] = [];
  const edits: Edit[] = [];
  for (const [name, value] of variables) {
    const there = siblings.find((sibling) => sibling.name === name);
    if (there !== undefined)
      edits.push({ start: there.start, end: there.end, text: JSON.stringify(value).slice(1, -1) });
    else missing.push(memberBehind(text, found.start, [name, value]));
  }
  const behind = found.end + 1;
  return missing.length === 0 ? edits : [...edits, { start: behind, end: behind, text: missing.join('') }];
}

export function applyEdits(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of edits) {
    parts.push(bytes.subarray(at, start), Buffer.from(text, 'latin1'));
    at = end;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

/**
 * Whether `after` reads as `file` does but for the edits: what was replaced reads as its replacement, every other value
 * as before, and what is new was put there.
 */
export function readsBack(file: SourceFile, after: Buffer, edits: readonly Edit[]): boolean {
  const reread = [...parse(file.path, after).values];
  const added: FoundValue[] = [];
  for (const before of file.values) {
    let found = reread.shift();
    while (found !== undefined && found.name !== before.name) {
      added.push(found);
      found = reread.shift();
    }
    const edit = edits.find(({ start, end }) => start === before.start && end === before.end && end > start);
    const isSame = found?.value === (edit?.text ?? before.value);
    if (!isSame || found?.scope !== before.scope || found.oddity !== before.oddity) return false;
  }
  const inserted = edits.filter(({ start, end }) => start === end).map(({ text }) => text);
  return [...added, ...reread].every(({ name, value }) =>
    inserted.some((text) => text.includes(JSON.stringify(name)) && text.includes(JSON.stringify(value))),
  );
}
