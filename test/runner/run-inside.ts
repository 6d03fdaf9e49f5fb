// Starts the runner in a process of its own, so that streams, signals, exit codes and terminals are real.
import { fileURLToPath } from 'node:url';
import type { SandboxRequest } from '../../src/runner/sandbox.ts';
import { start } from '../cli/process.ts';
import type { Exited, StartOptions } from '../cli/process.ts';

const SCRIPT = fileURLToPath(new URL('inside.js', import.meta.url));

type Request = Omit<SandboxRequest, 'environment'>;

/** The command line of the runner for a request; `folder` is an installation. */
export function insideArguments(folder: string, request: Request): readonly string[] {
  const { PATH = '' } = process.env;
  return [SCRIPT, folder, JSON.stringify({ ...request, environment: { PATH } })];
}

export async function runInside(
  folder: string,
  request: Request,
  options: StartOptions = {},
): Promise<Exited> {
  const { workingDirectory } = request;
  return start(process.execPath, insideArguments(folder, request), { ...options, workingDirectory });
}
