// The thread that runs the embedded database: Postgres (PGlite) behind its wire protocol, one session at a time.
// Plain JavaScript, so that a thread can load it from `src` as well as from `dist`.
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { SyncedFiles, syncPath } from './embedded-files.js';
import { unpackPrepared } from './embedded-template.js';

/** @typedef {import('node:worker_threads').MessagePort} Port */
/** @typedef {{ kind: 'open', directory: string } | { kind: 'session', port: Port } | { kind: 'settle' | 'close', id: number }} Request */

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
/** Types of messages. */
const QUERY = 0x51;
const SYNC = 0x53;
const TERMINATE = 0x58;
const READY = 0x5a;

/** Like the server's own, but for one user: less memory, and less of it to set up at the start. */
const SETTINGS = ['wal_sync_method=fsync', 'min_wal_size=32MB', 'shared_buffers=32MB', 'jit=off'];

// V8 optimises a function of Postgres once it has run through this many bytes. Its own default spends a quarter of a start's
// CPU time on functions that a start runs often and calls never; what calls run cost the same either way, from the first on.
setFlagsFromString('--wasm-tiering-budget=90000000');

/** Compiled while nobody knows yet where the data is. */
const program = compileProgram();
program.catch(() => undefined); // told where it is awaited
/** @type {Promise<void> | undefined} */
let opening;
/** @type {SyncedFiles} */
let files;
/** @type {PGlite} */
let database;
/** Ends what the current session left behind. @type {(() => void) | undefined} */
let endSession;

// Listening from the first moment: a thread that waits for nothing is held up by Node until V8 has optimised all that
// it means to, which is half a second.
parentPort?.on('message', (/** @type {Request} */ request) => {
  if (request.kind === 'open') {
    opening = open(request.directory);
    opening.catch((error) => stop(String(error)));
  } else if (request.kind === 'session') void opening?.then(() => serveSession(request.port));
  else
    serveRequest(request).then(
      () => report({ kind: 'done', id: request.id, logBytes: files.logBytes }),
      (error) => stop(String(error)), // after a failed fsync nobody knows what the disk has: go on with nothing
    );
});

/** @param {string} directory */
async function open(directory) {
  files = new SyncedFiles(directory, (reason) => stop(`Postgres panicked ${String(reason)}`.trim()));
  database = await openDatabase(directory);
  report({ kind: 'open' });
}

async function compileProgram() {
  const path = new URL('./pglite.wasm', import.meta.resolve('@electric-sql/pglite'));
  const bytes = await fs.promises.readFile(path);
  return await WebAssembly.compile(bytes);
}

/**
 * Fills the directory from a prepared copy at the first start. A note beside it tells a first start that was cut
 * off from a database: only the former may be thrown away.
 * @param {string} directory
 */
async function openDatabase(directory) {
  const unfinished = `${directory}.unfinished`;
  if (fs.existsSync(unfinished)) fs.rmSync(directory, { recursive: true, force: true });
  const isFirstStart = !fs.existsSync(directory) || fs.readdirSync(directory).length === 0;
  if (!isFirstStart && !fs.existsSync(join(directory, 'PG_VERSION')))
    throw new Error('the directory holds something, but no whole database'); // and nothing is written over it
  if (isFirstStart) {
    fs.writeFileSync(unfinished, '', { mode: 0o600 });
    await syncPath(dirname(directory));
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    files.pause();
    await unpackPrepared(directory);
  }
  const opened = await PGlite.create({
    fs: files,
    pgliteWasmModule: await program,
    // Without `-F`, which turns fsync off inside Postgres; `fsync` is the method that reaches SyncedFiles.
    startParams: [
      ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
      ...SETTINGS.flatMap((setting) => ['-c', setting]),
    ],
  });
  fs.chmodSync(directory, 0o700);
  if (isFirstStart) {
    await files.resume();
    fs.unlinkSync(unfinished);
    await syncPath(dirname(directory));
  }
  return opened;
}

/** @param {{ kind: 'settle' | 'close' }} request */
async function serveRequest({ kind }) {
  if (kind === 'settle') return files.settleLog();
  endSession?.();
  await database.close();
  await files.settleLog();
}

/** Speaks the wire protocol with one client: bytes come in any pieces, whole messages go on. @param {Port} port */
function serveSession(port) {
  let isStarted = false;
  let pending = Buffer.alloc(0);
  /** @type {Uint8Array[]} */
  let pieces = [];
  let piecesLength = 0;
  let needed = 1;

  port.on('message', (/** @type {Uint8Array} */ bytes) => {
    pieces.push(bytes);
    piecesLength += bytes.length;
    if (pending.length + piecesLength < needed) return;
    pending = Buffer.concat([pending, ...pieces]);
    pieces = [];
    piecesLength = 0;
    while (!isStarted && pending.length >= (needed = messageEnd(pending, 0, 0)))
      start(pending.subarray(0, needed));
    if (isStarted) forward();
  });
  port.on('close', end);

  function end() {
    if (endSession !== end) return;
    endSession = undefined;
    run(
      Buffer.concat([Buffer.from([SYNC, 0, 0, 0, 4]), simpleQuery('ROLLBACK'), simpleQuery('DISCARD ALL')]),
    );
  }

  /** @param {Buffer} packet */
  function start(packet) {
    pending = pending.subarray(packet.length);
    const code = packet.readUInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST)
      answer(new Uint8Array([0x4e])); // 'N': not here
    else if (code === CANCEL_REQUEST)
      port.close(); // one thread: the query to cancel has already ended
    else {
      endSession?.();
      endSession = end;
      isStarted = true;
      answer(new Uint8Array(run(packet)));
    }
  }

  function forward() {
    const answers = [];
    let start = 0;
    let end = 0;
    while (pending[end] !== TERMINATE && pending.length >= (needed = messageEnd(pending, end, 1))) {
      const isReadyDue = pending[end] === SYNC || pending[end] === QUERY;
      end = needed;
      if (!isReadyDue) continue;
      answers.push(answerOf(pending.subarray(start, end), true));
      start = end;
    }
    if (start < end) answers.push(answerOf(pending.subarray(start, end), false));
    answer(new Uint8Array(Buffer.concat(answers)));
    if (pending[end] === TERMINATE) port.close();
    pending = pending.subarray(end);
    needed -= end;
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  function answer(bytes) {
    if (bytes.length > 0) port.postMessage(bytes, [bytes.buffer]);
  }
}

/** Where the message at `start` ends, or more than there is while its length is unknown.
 * @param {Buffer} bytes @param {number} start @param {number} typeBytes */
function messageEnd(bytes, start, typeBytes) {
  const lengthAt = start + typeBytes;
  return bytes.length < lengthAt + 4 ? lengthAt + 4 : lengthAt + bytes.readUInt32BE(lengthAt);
}

/**
 * What Postgres answers to messages up to a Sync or a Query, with ReadyForQuery at the end and nowhere else. After
 * an error in the extended protocol PGlite sends one at once and a second for the Sync: every later answer would
 * go to the query before its own.
 * @param {Buffer} messages @param {boolean} isReadyDue
 */
function answerOf(messages, isReadyDue) {
  const answer = run(messages);
  const kept = [];
  let lastType = 0;
  for (let start = 0, end = 0; start < answer.length; start = end) {
    end = messageEnd(answer, start, 1);
    lastType = answer[start] ?? 0;
    if (lastType !== READY || (isReadyDue && end === answer.length)) kept.push(answer.subarray(start, end));
  }
  // PGlite swallows traps of its WebAssembly. Then the answer is cut off, and nothing it says later can be trusted.
  if (isReadyDue && lastType !== READY) stop('Postgres did not finish its answer');
  return Buffer.concat(kept);
}

/** Runs whole messages and gives back the raw answer. @param {Buffer} messages */
function run(messages) {
  /** @type {Uint8Array[]} */
  const answers = [];
  // The stream variant keeps PGlite from parsing and keeping every answer. It is done when it returns.
  const done = database.execProtocolRawStream(messages, {
    syncToFs: false,
    onRawData: (bytes) => void answers.push(bytes.slice()), // the next answer overwrites this memory
  });
  done.catch((error) => stop(String(error)));
  return Buffer.concat(answers);
}

/** @param {string} sql */
function simpleQuery(sql) {
  const text = Buffer.from(`Q....${sql}\0`);
  text.writeUInt32BE(text.length - 1, 1);
  return text;
}

/** @param {import('./embedded-thread.ts').Report} news */
function report(news) {
  parentPort?.postMessage(news, []);
}

/** Ends this thread, and with it every session. @param {string} reason */
function stop(reason) {
  report({ kind: 'failed', reason });
  process.exit(1);
}
