// Shapes made of what the catalogue says of a service's keys: a regular expression that begins with fixed text.
import type { CredentialShape } from './shape.ts';

/** Shorter beginnings stand in ordinary text. */
const SHORTEST_BEGINNING = 4;
const LEAST = 16;
const MOST = 600;
/** What has a meaning of its own in a regular expression. */
const SPECIAL = new Set('.*+?^${}()|[]\\');

/** Of expressions that begin otherwise there is no shape. */
export function shapeOfKeys(id: string, pattern: string): CredentialShape | undefined {
  const beginning = fixedBeginning(pattern);
  if (beginning.length < SHORTEST_BEGINNING) return undefined;
  const check = new RegExp(pattern);
  return { id: `${id}-key`, begins: [beginning], letters: 'any', least: LEAST, most: MOST, check };
}

function fixedBeginning(pattern: string): string {
  if (!pattern.startsWith('^')) return '';
  let text = '';
  let at = 1;
  while (at < pattern.length) {
    const isEscaped = pattern[at] === '\\' && /[^\w]/.test(pattern[at + 1] ?? '');
    const letter = isEscaped ? pattern[at + 1] : pattern[at];
    if (letter === undefined || (!isEscaped && SPECIAL.has(letter))) break;
    text += letter;
    at += isEscaped ? 2 : 1;
  }
  return /^[*?{]/.test(pattern.slice(at)) ? text.slice(0, -1) : text;
}
