// Running the command: its streams are the terminal's own, signals reach it, and its exit code comes back.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Launch } from './sandbox.ts';

interface ChildOptions {
  readonly launch: Launch;
  readonly environment: Readonly<Record<string, string>>;
  /** True when the command shares our terminal, which then tells it of Ctrl-C itself. */
  readonly sharesTerminal: boolean;
}

const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
const FROM_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

/** Resolves with the command's exit code, or 128 and the signal's number. Throws when it can not be started. */
export async function runChild({ launch, environment, sharesTerminal }: ChildOptions): Promise<number> {
  const child = spawn(launch.file, launch.arguments, {
    env: environment,
    stdio: ['inherit', 'inherit', 'inherit', launch.reportsChild ? 'pipe' : 'ignore', 'pipe'],
  });
  const findPid = launch.reportsChild ? pidInSandbox(child) : () => child.pid;
  const input = child.stdio[4] as Writable; // a pipe, as asked for above
  input.on('error', () => undefined); // the command's end tells more
  input.end(launch.input);
  const forward = (signal: NodeJS.Signals) => {
    if (sharesTerminal && FROM_TERMINAL.has(signal)) return;
    sendSignal(findPid(), signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
    });
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/**
 * The process to signal inside a sandbox. The sandbox's own process would die of the signal and take the command with
 * it, so the signal goes to the command: the first child of the process that the sandbox reports.
 */
function pidInSandbox(child: ChildProcess): () => number | undefined {
  let report = '';
  const reports = child.stdio[3] as Readable; // a pipe, as asked for above
  reports.setEncoding('utf8').on('data', (text: string) => {
    report += text;
  });
  reports.on('error', () => undefined);
  return () => {
    const found = /"child-pid":\s*(\d+)/.exec(report);
    if (found === null) return child.pid;
    const parent = found[1] ?? '';
    try {
      const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim();
      return children === '' ? undefined : Number(children.split(' ')[0]);
    } catch {
      return undefined;
    }
  };
}

function sendSignal(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}
