// What a service looks for in one direction, ready to search: made once for its settings, used by all its calls.
import type { ShapeTable } from '../credential-shapes/shape-table.ts';
import { ClassSearch } from './class-search.ts';
import { CONTENT_ACTIONS, type ContentAction, type ContentClass } from './classes.ts';
import { FoldedText } from './folding.ts';
import { PatternSearch } from './pattern-search.ts';
import type { IsPhone } from './phone.ts';
import type { TextSearch } from './text-search.ts';

interface OwnPattern {
  readonly name: string;
  readonly pattern: string;
  readonly action: ContentAction;
}

export interface ContentRules {
  readonly classes: ReadonlyMap<ContentClass, ContentAction>;
  readonly patterns: readonly OwnPattern[];
}

export interface ContentTable {
  readonly searches: readonly TextSearch[];
  /** By class or the name of a pattern. */
  readonly actions: ReadonlyMap<string, ContentAction>;
  /** Undefined: credentials are not looked for. */
  readonly credentials: ShapeTable | undefined;
  /** Memory for the piece that is looked at; no search outlasts the call that began it. */
  readonly folded: FoldedText;
}

/** What some classes need and others do not. */
export interface ContentSources {
  readonly isPhone: IsPhone;
  readonly shapes: () => ShapeTable;
}

/** Undefined: nothing is looked for. Throws a `PatternError`. */
export function buildContentTable(
  { classes, patterns }: ContentRules,
  { isPhone, shapes }: ContentSources,
): ContentTable | undefined {
  // What is done more about comes first: of two classes that a number is of, it counts.
  const wanted = [...classes].filter(([, action]) => action !== 'off').toSorted(byStrength);
  const own = patterns.filter(({ action }) => action !== 'off');
  if (wanted.length === 0 && own.length === 0) return undefined;
  const names = wanted.map(([name]) => name).filter((name) => name !== 'credential');
  return {
    searches: [
      ...(names.length === 0 ? [] : [new ClassSearch(names, isPhone)]),
      ...own.map(({ name, pattern }) => new PatternSearch(name, pattern)),
    ],
    actions: new Map<string, ContentAction>([
      ...wanted,
      ...own.map(({ name, action }) => [name, action] as const),
    ]),
    credentials: wanted.some(([name]) => name === 'credential') ? shapes() : undefined,
    folded: new FoldedText(),
  };
}

function byStrength(one: readonly [string, ContentAction], other: readonly [string, ContentAction]): number {
  return CONTENT_ACTIONS.indexOf(other[1]) - CONTENT_ACTIONS.indexOf(one[1]);
}
