// The body of `doorward call`: text as given, a file, or stdin; files and stdin are streamed.
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure } from './failure.ts';

interface CallBody {
  readonly content: string | Readable;
  readonly headers: Readonly<Record<string, string>>;
}

export function readBody(context: Context, data: string): CallBody {
  if (data === '-') return { content: context.terminal.stdin, headers: {} };
  if (!data.startsWith('@')) {
    return { content: data, headers: { 'content-length': String(Buffer.byteLength(data)) } };
  }
  const path = data.slice(1);
  try {
    const { size } = statSync(path);
    return { content: createReadStream(path), headers: { 'content-length': String(size) } };
  } catch (cause) {
    throw new CommandFailure(EXIT.usage, `The file ${path} can not be read.`, { cause });
  }
}
