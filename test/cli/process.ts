// Programs run to their end, and the CLI as a user starts it.
import { spawn } from 'node:child_process';

/** For node, where it runs a server for a test: it ends before optimised code of its database has paid for itself. */
export const SHORT_LIVED = ['--liftoff-only'] as const;

/** For node, where it runs one command: it ends before optimised code of anything has paid for itself. */
export const ONE_COMMAND = [...SHORT_LIVED, '--interrupt-budget=1000000'] as const;

export interface Exited {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory?: string;
  readonly input?: string;
  /** Sent to the process once it has printed its first bytes on stdout. */
  readonly signalWhenReady?: NodeJS.Signals;
}

/** Runs a program to its end; stdin is empty unless given. */
export async function start(
  file: string,
  argv: readonly string[],
  options: StartOptions = {},
): Promise<Exited> {
  const child = spawn(file, argv, {
    env: { ...process.env, ...options.environment },
    cwd: options.workingDirectory,
    stdio: 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output.stdout === '' && options.signalWhenReady !== undefined) child.kill(options.signalWhenReady);
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}
