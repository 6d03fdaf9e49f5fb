// The processes and directories of a run. Whatever is started here ends with the bench, by its process id, also on
// Ctrl-C; a server ends even when the bench is killed, because the shell around it sees its standard input close.
import { fork, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {{ pid: number, startedMs: number, log: () => string, output: () => string, stop: () => Promise<void>, hasEnded: () => boolean }} Server */
/** @typedef {{ name: string, command: readonly string[], environment?: NodeJS.ProcessEnv, endSignal?: 'TERM' | 'INT' | 'QUIT' }} ServerOptions */
/** @typedef {{ pid: number, ask: (message: unknown) => Promise<any>, stop: () => Promise<void> }} Assistant */
/** @typedef {{ nodeArguments?: readonly string[], environment?: NodeJS.ProcessEnv, isForRun?: boolean }} AssistantOptions `isForRun`: until the bench ends, not a part of it */
/** @typedef {ReturnType<typeof openStage>} Stage */

const STOP_TIMEOUT_MS = 15_000;

// $1 signal that ends it, $2 its log, the rest the command. The first line printed is the process id.
const SCRIPT = `
exec 3<&0
signal=$1; log=$2; shift 2
"$@" 3<&- </dev/null >"$log.out" 2>"$log" &
server=$!
echo $server
(cat <&3 >/dev/null; kill -$signal $server 2>/dev/null) &
wait $server
`;

export function openStage() {
  const directory = mkdtempSync(join(tmpdir(), 'doorward-bench-'));
  const directories = [directory];
  /** @type {Set<() => Promise<void>>} */
  const stops = new Set();
  /** @type {Set<() => Promise<void>>} */
  const lastStops = new Set();
  let isClosed = false;
  /** @template {{ stop: () => Promise<void> }} T @param {T} started @param {Set<() => Promise<void>>} [among] @returns {T} */
  const keep = (started, among = stops) => {
    const stop = async () => {
      among.delete(stop);
      await started.stop();
    };
    among.add(stop);
    if (isClosed) void stop(); // started while Ctrl-C was being obeyed
    return { ...started, stop };
  };
  let count = 0;
  /** Servers before the database they use. */
  const stopAll = async (among = stops) => {
    for (const stop of [...among].reverse()) await stop();
  };
  return {
    directory,
    /** A directory that other users can be let into, though root's own TMPDIR may be private. */
    openDirectory: () => {
      const path = mkdtempSync('/tmp/doorward-bench-');
      directories.push(path);
      return path;
    },
    /** A process that serves until it is stopped. @param {ServerOptions} options */
    startServer: async (options) => {
      count += 1;
      return keep(await startServer(join(directory, `${count}-${options.name}.log`), options));
    },
    /** A module of the bench in a process of its own that answers messages. @param {URL} module @param {AssistantOptions} [options] */
    startAssistant: (module, options) =>
      keep(startAssistant(module, options), options?.isForRun === true ? lastStops : stops),
    /** All that was started for a part. */
    stopAll: () => stopAll(),
    close: async () => {
      isClosed = true;
      await stopAll();
      await stopAll(lastStops);
      for (const path of directories) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** @param {string} log @param {ServerOptions} options @returns {Promise<Server>} */
async function startServer(log, { name, command, environment = process.env, endSignal = 'TERM' }) {
  for (const path of [log, `${log}.out`]) closeSync(openSync(path, 'w', 0o600));
  const startedMs = performance.now();
  const shell = spawn('sh', ['-c', SCRIPT, 'sh', endSignal, log, ...command], {
    cwd: '/',
    env: environment,
    detached: true, // Ctrl-C reaches the bench only, which then stops everything in order
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  shell.stdin.on('error', () => undefined);
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => shell.once('exit', () => resolve()));
  const pid = Number(await firstLine(shell.stdout));
  if (!(pid > 0)) throw new Error(`${name} could not be started`);
  return {
    pid,
    startedMs,
    log: () => readFileSync(log, 'utf8'),
    output: () => readFileSync(`${log}.out`, 'utf8'),
    hasEnded: () => shell.exitCode !== null || shell.signalCode !== null,
    stop: async () => {
      shell.stdin.end();
      const timer = setTimeout(() => kill(pid), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** @param {import('node:stream').Readable} stream */
async function firstLine(stream) {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0];
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** @param {URL} module @param {AssistantOptions} [options] @returns {Assistant} */
function startAssistant(module, { nodeArguments = [], environment = {} } = {}) {
  const child = fork(module, {
    execArgv: [...nodeArguments],
    env: { ...process.env, ...environment },
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once('exit', () => resolve()));
  return {
    pid: child.pid ?? 0,
    ask: async (message) => {
      const answer = new Promise((resolve) => child.once('message', resolve));
      child.send(/** @type {import('node:child_process').Serializable} */ (message));
      /** @type {any} */
      const given = await Promise.race([answer, ended.then(() => ({ failed: 'it ended' }))]);
      if (typeof given.failed === 'string') throw new Error(`${module.pathname}: ${given.failed}`);
      return given;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(timer);
    },
  };
}

/**
 * Asks again until there is an answer; fails with what the server said when it has ended or takes too long.
 * @template T @param {Server} server @param {() => Promise<T | undefined> | T | undefined} find @param {number} [timeoutMs]
 * @returns {Promise<T>}
 */
export async function waitFor(server, find, timeoutMs = 60_000) {
  const deadlineMs = performance.now() + timeoutMs;
  while (performance.now() < deadlineMs && !server.hasEnded()) {
    const found = await find();
    if (found !== undefined) return found;
    await delay(3);
  }
  throw new Error(`A server of the bench did not start:\n${server.log().split('\n').slice(-15).join('\n')}`);
}
