// The processes of the demo and the directory they live in. What is started here is stopped here, by its process id.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const DOORWARD = fileURLToPath(new URL('../../bin/doorward.js', import.meta.url));
export const AGENT = fileURLToPath(new URL('agent.js', import.meta.url));
const VENDOR = fileURLToPath(new URL('vendor.js', import.meta.url));
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;

/** @typedef {ReturnType<typeof openStage>} Stage */
/** @typedef {Awaited<ReturnType<typeof startAgent>>} Agent */
/** @typedef {import('node:child_process').ChildProcess} Child */
/** @typedef {{ directory: string, environment: NodeJS.ProcessEnv, started: Child[] }} Place */

export function openStage() {
  const directory = mkdtempSync(join(tmpdir(), 'doorward-demo-'));
  const dataDirectory = join(directory, 'data');
  mkdirSync(dataDirectory, { mode: 0o700 });
  // Settings of a Doorward that is really used here must not reach the demo.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(DOORWARD_|DATABASE_URL)/.test(name));
  const environment = { ...Object.fromEntries(inherited), DOORWARD_DATA_DIR: dataDirectory };
  /** @type {Place} */
  const place = { directory, environment, started: [] };
  return {
    directory,
    dataDirectory,
    /** @param {string} key */
    startVendor: async (key) => startServer(place, { name: 'vendor', command: [VENDOR], input: `${key}\n` }),
    startBroker: async () =>
      startServer(place, { name: 'broker', command: [DOORWARD, 'serve'], settings: SETTINGS }),
    /** @param {string} name */
    startAgent: async (name) => startAgent(place, name),
    /** @param {readonly string[]} words @param {string} [input] */
    doorward: async (words, input) => doorward(place, words, input),
    close: async () => {
      await Promise.all(place.started.map(stop));
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    },
    /** Lets the servers go on without the demo. */
    leave: () => {
      for (const child of place.started) child.unref();
    },
  };
}

const SETTINGS = {
  DOORWARD_LISTEN: '127.0.0.1:0',
  DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8', // the demo's vendor is on loopback, where calls are refused otherwise
  DOORWARD_LOG_LEVEL: 'warn',
};

/**
 * Starts a process that goes on by itself, and waits for the address it prints.
 * @param {Place} place
 * @param {{ name: string, command: string[], input?: string, settings?: Record<string, string> }} server
 */
async function startServer({ directory, environment, started }, { name, command, input, settings }) {
  const log = join(directory, `${name}.log`);
  const descriptor = openSync(log, 'w', 0o600);
  const child = spawn(process.execPath, [...process.execArgv, ...command], {
    cwd: directory,
    env: { ...environment, ...settings },
    detached: true, // Ctrl-C reaches the demo only, which then stops everything in order
    stdio: ['pipe', descriptor, descriptor],
  });
  closeSync(descriptor);
  started.push(child);
  child.stdin?.end(input);
  return { address: await findAddress(child, log), pid: child.pid ?? 0 };
}

/**
 * One command line of the CLI; resolves with its stdout.
 * @param {Place} place
 * @param {readonly string[]} words
 * @param {string} [input]
 */
async function doorward({ directory, environment }, words, input = '') {
  const child = spawn(process.execPath, [DOORWARD, ...words], { cwd: directory, env: environment });
  child.stdin.end(input);
  const ends = [readText(child.stdout), readText(child.stderr), endOf(child)];
  const [output, errors, code] = await Promise.all(ends);
  if (code !== 0) throw new Error(`doorward ${words.join(' ')} ended with ${code}: ${errors}`);
  return String(output);
}

/** The agent's process, in `doorward run`. @param {Place} place @param {string} name */
async function startAgent({ directory, environment, started }, name) {
  const words = ['run', name, '--', process.execPath, AGENT];
  const options = { cwd: directory, env: environment, detached: true };
  const child = spawn(process.execPath, [DOORWARD, ...words], options);
  started.push(child);
  const said = readText(child.stderr);
  const ended = endOf(child);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Has the agent do one of its steps. @param {string} step @param {unknown} [argument] */
    ask: async (step, argument) => {
      child.stdin.write(`${step} ${argument === undefined ? '' : JSON.stringify(argument)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`the agent ended in the middle of "${step}": ${await said}`);
      return JSON.parse(value);
    },
    /** Lets it end; resolves with what `doorward run` said and its exit code. */
    end: async () => {
      child.stdin.end();
      return { code: await ended, said: await said };
    },
  };
}

/** @param {import('node:child_process').ChildProcess} child @param {string} log */
async function findAddress(child, log) {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadlineMs && child.exitCode === null && child.signalCode === null) {
    const found = / listens on (http:\S+)/.exec(readFileSync(log, 'utf8'))?.[1];
    if (found !== undefined) return found;
    await delay(50);
  }
  throw new Error(`A server of the demo did not start. Its log:\n${readFileSync(log, 'utf8')}`);
}

/** @param {import('node:child_process').ChildProcess} child */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = endOf(child);
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/** @param {import('node:child_process').ChildProcess} child @returns {Promise<number | null>} */
function endOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

/** @param {import('node:stream').Readable} stream */
async function readText(stream) {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}
