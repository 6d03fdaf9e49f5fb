// Where an agent key may come from: a file, stdin, or a hidden prompt. Never an argument.
import { readFileSync } from 'node:fs';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

const MAX_KEY_BYTES = 4096;

export async function readAgentKey(context: Context, keyFile: string | undefined): Promise<string> {
  const key = (await readKeyText(context, keyFile)).trim();
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new CommandFailure(EXIT.authNeeded, 'That is no agent key. `doorward agent add` prints one, once.');
  }
  return key;
}

async function readKeyText(context: Context, keyFile: string | undefined): Promise<string> {
  if (keyFile !== undefined) {
    try {
      return readFileSync(keyFile, 'utf8');
    } catch (cause) {
      throw new CommandFailure(EXIT.authNeeded, `The key file ${keyFile} can not be read.`, { cause });
    }
  }
  if (context.isInteractive) {
    const { askHidden } = await import('./prompt.ts');
    return askHidden(context.terminal, 'Agent key (not shown)');
  }
  const { readAll } = await import('./transport.ts');
  return (await readAll(context.terminal.stdin, MAX_KEY_BYTES)).toString();
}
