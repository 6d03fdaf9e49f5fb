// Asking a person. Prompts go to stderr, so that stdout stays data; what is typed hidden shows nothing but bullets.
import { isCancel, password, text } from '@clack/prompts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';
import type { Terminal } from './terminal.ts';
import { visible } from './visible-text.ts';

/** One line that is not shown. */
export async function askHidden(terminal: Terminal, message: string): Promise<string> {
  return answered(await password({ message, mask: '•', ...streams(terminal) }));
}

/** A line that is not shown, typed twice: nobody would notice a slip in it. */
export async function askHiddenTwice(terminal: Terminal, message: string): Promise<string> {
  const chosen = await askHidden(terminal, message);
  if ((await askHidden(terminal, 'The same again')) === chosen) return chosen;
  throw new CommandFailure(EXIT.usage, 'The two differ: nothing was made. Start again.');
}

/** One line that is shown. */
export async function askLine(terminal: Terminal, message: string): Promise<string> {
  return answered(await text({ message: visible(message), ...streams(terminal) }));
}

/** Yes or no; no is the default. */
export async function askYesNo(terminal: Terminal, message: string): Promise<boolean> {
  const answer = answered(await text({ message: `${visible(message)} [y/N]`, ...streams(terminal) }));
  return /^y(es)?$/i.test(answer.trim());
}

/** True when the person typed exactly `word`. */
export async function askToType(terminal: Terminal, message: string, word: string): Promise<boolean> {
  return answered(await text({ message: visible(message), ...streams(terminal) })).trim() === word;
}

function streams(terminal: Terminal) {
  return { input: terminal.stdin, output: terminal.stderr };
}

function answered(answer: string | symbol | undefined): string {
  if (isCancel(answer)) throw new CommandFailure(EXIT.interrupted, 'Cancelled: nothing was changed.');
  return typeof answer === 'string' ? answer : '';
}
