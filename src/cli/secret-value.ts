// Where a secret's value may come from: a hidden prompt, stdin or a file. Never an argument, never the environment:
// those are visible to other processes and end up in histories.
import { readFileSync } from 'node:fs';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, usageFailure } from './failure.ts';

const MAX_VALUE_BYTES = 65_536;

interface ValueSource {
  readonly fromFile?: string;
  readonly keepNewline?: boolean;
}

/** The fields of `secret.create` that carry the value; bytes that are not UTF-8 go as base64. */
export type ValueFields = { readonly value: string } | { readonly valueBase64: string };

export async function readSecretValue(
  context: Context,
  name: string,
  source: ValueSource,
): Promise<ValueFields> {
  const isAsked = source.fromFile === undefined && context.terminal.stdin.isTTY === true;
  if (isAsked) return { value: requireNotEmpty(await askValue(context, name)) };
  const bytes = source.fromFile === undefined ? await readStdin(context) : readValueFile(source.fromFile);
  if (bytes.length > MAX_VALUE_BYTES) {
    throw usageFailure(`A value is at most ${String(MAX_VALUE_BYTES)} bytes; this one is longer.`);
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return { valueBase64: bytes.toString('base64') };
  return { value: requireNotEmpty(source.keepNewline === true ? text : text.replace(/\r?\n$/, '')) };
}

/** The refusal of a value in the arguments. It must not repeat the value. */
export function refuseValueInArguments(command = 'secret add NAME'): CommandFailure {
  return usageFailure(
    'A value in the arguments can be read by every process of this machine and stays in the shell history, so it is ' +
      'refused; treat this one as seen. Leave it out and type it at the hidden prompt, or pipe it in: ' +
      `doorward ${command} < FILE, or name a file with --from-file.`,
  );
}

async function askValue(context: Context, name: string): Promise<string> {
  if (!context.isInteractive) {
    throw usageFailure(
      'No value: stdin is a terminal, but nobody may be asked. Pipe the value in or use --from-file.',
    );
  }
  const { askHidden } = await import('./prompt.ts');
  return askHidden(context.terminal, `Value of ${name} (one line, not shown)`);
}

async function readStdin(context: Context): Promise<Buffer> {
  const { readAll } = await import('./transport.ts');
  return readAll(context.terminal.stdin, MAX_VALUE_BYTES + 2);
}

function readValueFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CommandFailure(EXIT.usage, `The file ${path} can not be read.`, { cause });
  }
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function requireNotEmpty(value: string): string {
  if (value === '')
    throw usageFailure('The value is empty. Type it at the prompt, pipe it in, or use --from-file.');
  return value;
}
