// Fenced blocks of a Markdown page, with the section and the lines around them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Fence {
  readonly language: string;
  readonly text: string;
  /** Heading of the second level it stands under. */
  readonly section: string;
  /** What a reader sees directly above and below. */
  readonly around: string;
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function readPage(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}

export function fencesOf(page: string): readonly Fence[] {
  const fences: Fence[] = [];
  const parts = page.split(/^```/m); // text, block, text, block, …
  let section = '';
  for (const [at, part] of parts.entries()) {
    if (at % 2 === 0) {
      section = [...part.matchAll(/^## (.+)$/gm)].at(-1)?.[1] ?? section;
      continue;
    }
    const [language = '', ...lines] = part.split('\n');
    const above = parts[at - 1]?.trimEnd().split('\n').at(-1) ?? '';
    const below = parts[at + 1]?.trimStart().split('\n\n')[0] ?? '';
    fences.push({ language, text: lines.join('\n'), section, around: `${above}\n${below}` });
  }
  return fences;
}
