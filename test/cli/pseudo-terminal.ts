// A command on a pseudo-terminal, driven like a person would: wait for a text, then type. Who waits may press a key again.
import { fileURLToPath } from 'node:url';
import { start } from './process.ts';
import type { StartOptions } from './process.ts';

const SCRIPT = fileURLToPath(new URL('pseudo-terminal.py', import.meta.url));

export interface Shown {
  /** Everything the terminal showed, the echo of typing too. */
  readonly output: string;
  readonly code: number;
}

/** `again`: pressed every other second until the text is there. Throws where python3 is missing, and when a text that was waited for never came. */
export async function onPty(
  command: readonly string[],
  steps: readonly (readonly [waitFor: string, type: string, again?: string])[],
  options: StartOptions = {},
): Promise<Shown> {
  const { stdout, stderr } = await start('python3', [SCRIPT, JSON.stringify(steps), ...command], options);
  if (stdout === '') throw new Error(`no pseudo-terminal: ${stderr}`);
  const shown = JSON.parse(stdout) as Shown & { readonly steps: number }; // the script's own words
  if (shown.steps > 0)
    throw new Error(`never shown: ${JSON.stringify(steps.at(-shown.steps)?.[0])} in ${shown.output}`);
  return shown;
}
