// The lines that make a shell complete our commands, as `doorward completion` tells people to write them, found and taken
// out of the files that shells start with.
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './private-files.ts';

const STARTUP_FILES = [
  '.bashrc',
  '.bash_profile',
  '.profile',
  '.zshrc',
  '.zprofile',
  '.config/fish/config.fish',
  '.config/fish/completions/doorward.fish',
];
const PROGRAM = String.raw`(?:\S*/)?doorward(?:\.js)?`;
const LINES = new RegExp(
  String.raw`^[ \t]*(?:(?:source|\.)[ \t]+<\(${PROGRAM} completion (?:bash|zsh)\)|eval[ \t]+"?\$\(${PROGRAM} completion (?:bash|zsh)\)"?|${PROGRAM} completion fish[ \t]*\|[ \t]*source)[ \t]*(?:#.*)?(?:\r?\n|$)`,
  'gm',
);

export interface CompletionLines {
  readonly path: string;
  readonly count: number;
}

export async function findCompletionLines(home: string | undefined): Promise<CompletionLines[]> {
  const found: CompletionLines[] = [];
  for (const name of home === undefined ? [] : STARTUP_FILES) {
    const path = join(home ?? '', name);
    const count = [...(await readText(path)).matchAll(LINES)].length;
    if (count > 0) found.push({ path, count });
  }
  return found;
}

/** Takes them out and changes nothing else. */
export async function removeCompletionLines(lines: readonly CompletionLines[]): Promise<void> {
  for (const { path } of lines) {
    const real = await realpath(path);
    const { mode, uid, gid } = await stat(real);
    const text = (await readText(real)).replaceAll(LINES, '');
    await writeWhole(real, Buffer.from(text, 'latin1'), { mode: mode & 0o7777, owner: { uid, gid } });
  }
}

/** As Latin-1: what is not ours goes back byte for byte. */
async function readText(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}
