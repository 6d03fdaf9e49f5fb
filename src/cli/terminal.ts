// What a command talks to: three streams and the environment. Tests hand in their own.
import { styleText } from 'node:util';
import type { Readable, Writable } from 'node:stream';
import { EXIT } from './exit-codes.ts';

interface InputStream extends Readable {
  readonly isTTY?: boolean;
}

export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Terminal {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function processTerminal(): Terminal {
  process.stdout.on('error', leave);
  process.stderr.on('error', () => undefined); // talk that nobody hears must not end the work
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
  };
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** Colours only where a person reads them (no-color.org): a terminal that is not dumb, unless told not to. */
export function styler(terminal: Terminal, stream: OutputStream, isColourWanted: boolean) {
  const { NO_COLOR, TERM } = terminal.environment;
  const isOn = isColourWanted && stream.isTTY === true && (NO_COLOR ?? '') === '' && TERM !== 'dumb';
  return (style: Style, text: string) => (isOn ? styleText(style, text, { validateStream: false }) : text);
}

/** A reader that went away (`doorward log | head`) is no failure; an answer that could not be written whole is one. */
function leave(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  process.stderr.write(`doorward: The output could not be written: ${error.code ?? 'unknown reason'}.\n`);
  process.exit(EXIT.failed);
}
