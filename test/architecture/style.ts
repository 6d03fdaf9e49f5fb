// Sizes, openings, names and words of a file. Each check gives its violations as lines to print.
import { basename } from 'node:path';
import {
  AMBIENT_ROOMS,
  BANNED_FILES,
  BANNED_WORDS,
  MAX_FILE_LINES,
  MAX_FUNCTION_LINES,
  MAX_OPENING_LINES,
  MAX_PARAMETERS,
} from './house.ts';
import { isWithin } from './imports.ts';
import type { Source } from './source.ts';

export function tooLarge(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, lines, functions }) => [
    ...(lines > MAX_FILE_LINES ? [`${path} has ${lines} lines`] : []),
    ...functions.flatMap((shape) => [
      ...(shape.lines > MAX_FUNCTION_LINES
        ? [`${path}:${shape.line} a function of ${shape.lines} lines`]
        : []),
      ...(shape.parameters > MAX_PARAMETERS ? [`${path}:${shape.line} ${shape.parameters} parameters`] : []),
    ]),
  ]);
}

export function badOpenings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ openingLines }) => openingLines < 1 || openingLines > MAX_OPENING_LINES)
    .map(({ path, openingLines }) => `${path} opens with ${openingLines} lines of comment`);
}

export function barrelsAndDefaults(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, isBarrel, defaultExports }) => [
    ...(isBarrel ? [`${path} only hands on what others export`] : []),
    ...defaultExports.map((line) => `${path}:${line} a default export`),
  ]);
}

export function badFileNames(paths: readonly string[]): string[] {
  return paths.filter((path) => {
    const name = basename(path).split('.')[0] ?? '';
    return BANNED_FILES.includes(name) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
  });
}

export function bannedWords(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, identifiers }) =>
    identifiers.flatMap(({ line, name }) => {
      const words = ` ${name
        .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
        .replaceAll(/[_$]+/g, ' ')
        .toLowerCase()} `;
      return BANNED_WORDS.filter(
        (banned) => words.includes(` ${banned} `) || words.includes(` ${banned}s `),
      ).map((banned) => `${path}:${line} ${name}: "${banned}"`);
    }),
  );
}

/** The clock read by `new Date()`. Lint finds the other ways, but has no rule for this one. */
export function bareDates(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => !isWithin(path.slice('src/'.length), AMBIENT_ROOMS))
    .flatMap(({ path, bareDates: lines }) => lines.map((line) => `${path}:${line} reads the clock`));
}
