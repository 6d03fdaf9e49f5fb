// The sandbox of bubblewrap (Linux): the command sees the same files, but for the hidden places, and no other process.
// It keeps its terminal: see terminal-filter.
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { findExecutable } from './executable.ts';
import type { Launch, Sandbox, SandboxRequest } from './sandbox.ts';
import { terminalFilter } from './terminal-filter.ts';
import { findWaysOut } from './ways-out.ts';

const PROBE_TIMEOUT_MS = 20_000;
const FILTER_DESCRIPTOR = '4';
const CHILD_DESCRIPTOR = '3';

export const bubblewrap: Sandbox = {
  name: 'bubblewrap',
  hides: true,
  prepare: (request) => {
    if (process.platform !== 'linux') return { isUsable: false, reason: 'bubblewrap is there on Linux only' };
    const program = findExecutable('bwrap', request.environment);
    if (program === undefined) return { isUsable: false, reason: 'bubblewrap (bwrap) is not installed' };
    const filter = terminalFilter(process.arch);
    let reason = '';
    for (const isolation of ISOLATIONS) {
      const options = toOptions(isolation, request);
      const refusal = probe(program, options, filter);
      if (refusal === undefined) {
        const guard = guardTerminal(filter, FILTER_DESCRIPTOR);
        const whole = [program, ...options, ...guard, '--info-fd', CHILD_DESCRIPTOR, '--'];
        const input = filter === undefined ? {} : { input: filter };
        return {
          isUsable: true,
          launch: { ...keepThroughInterrupts(whole, request), ...input, reportsChild: true },
        };
      }
      reason = refusal;
    }
    return { isUsable: false, reason: `bubblewrap does not work here (${reason})` };
  },
};

/**
 * Best first. In its own user namespace the command has no capability over the mounts, root included, and may make no
 * further namespaces; older versions do not know the last. Without one (containers, setuid installations) dropped
 * capabilities hold alone: mounts made here stay locked against whoever is inside.
 */
const ISOLATIONS: readonly (readonly string[])[] = [
  ['--unshare-user', '--disable-userns'],
  ['--unshare-user'],
  [],
];

function toOptions(isolation: readonly string[], request: SandboxRequest): readonly string[] {
  const files = ['--dev-bind', '/', '/', ...hide(request)];
  const processes = ['--unshare-pid', '--unshare-ipc', '--proc', '/proc'];
  // Files of root under these name programs that the kernel starts outside; capabilities do not guard them.
  const kernel = ['/sys', '/proc/sys', '/proc/sysrq-trigger'].flatMap((path) => [
    '--ro-bind-try',
    path,
    path,
  ]);
  const rights = ['--cap-drop', 'ALL', '--die-with-parent'];
  const directory = ['--chdir', request.workingDirectory];
  return [...files, ...isolation, ...processes, ...kernel, ...rights, ...directory];
}

/** A session of its own would cost the command its terminal's job control; only where there is no filter it must be. */
function guardTerminal(filter: Buffer | undefined, descriptor: string): readonly string[] {
  return filter === undefined ? ['--new-session'] : ['--seccomp', descriptor];
}

function hide({ hidden, environment }: SandboxRequest): readonly string[] {
  const waysOut = findWaysOut(environment['XDG_RUNTIME_DIR']);
  const blind = realpathSync('/dev/null');
  return [
    ...waysOut.directories.flatMap((path) => ['--tmpfs', path]),
    ...hidden.directories.flatMap((path) => ['--tmpfs', path, '--remount-ro', path]),
    ...[...waysOut.files, ...hidden.files].flatMap((path) => ['--ro-bind', blind, path]),
  ];
}

/**
 * Ctrl-C goes to every process of the terminal's foreground group, and bubblewrap would die of it and take the command
 * along, whatever that does on SIGINT. So bubblewrap is started with the signal ignored, and the command gets it back.
 */
function keepThroughInterrupts(
  whole: readonly string[],
  request: SandboxRequest,
): Pick<Launch, 'file' | 'arguments'> {
  const [program = '', ...rest] = whole;
  const env = findExecutable('env', request.environment);
  const shell = findExecutable('sh', request.environment);
  const restore = '--default-signal=INT,QUIT';
  const canRestore =
    env !== undefined &&
    shell !== undefined &&
    spawnSync(env, [restore, 'true'], { stdio: 'ignore' }).status === 0;
  if (!canRestore) return { file: program, arguments: [...rest, ...request.command] };
  const run = 'exec "$0" "$@"';
  return {
    file: shell,
    arguments: [
      '-c',
      `trap "" INT QUIT; ${run}`,
      ...whole,
      env,
      restore,
      shell,
      '-c',
      run,
      ...request.command,
    ],
  };
}

/** Starts `true` under the same options. Undefined: it works. */
function probe(program: string, options: readonly string[], filter: Buffer | undefined): string | undefined {
  const ended = spawnSync(program, [...options, ...guardTerminal(filter, '0'), '--', 'true'], {
    input: filter ?? Buffer.alloc(0),
    timeout: PROBE_TIMEOUT_MS,
  });
  if (ended.error !== undefined) return ended.error.message;
  if (ended.status === 0) return undefined;
  return ended.stderr.toString().trim().split('\n').at(-1) ?? 'it gives no reason';
}
