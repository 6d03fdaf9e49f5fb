// The embedded database's files. PGlite turns Postgres's fsync calls into nothing; they are put back here:
// what Postgres wants on the disk is synced when it asks and in its order, except the log (pg_wal) at a commit,
// which waits for `settleLog` or for the next write that must not overtake it.
import fs from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/** What Emscripten hands to a file operation; only what is used here.
 * @typedef {{ node: { name: string, parent: { name: string } }, nfd?: number }} FileStream */
/** @typedef {(stream: FileStream, buffer: unknown, offset: number, length: number, position?: number) => number} Write */
/** @typedef {{
 *   stream_ops: { write: Write, fsync?: (stream: FileStream) => number },
 *   realPath(node: FileStream['node']): string,
 *   tryFSOperation<T>(operation: () => T): T,
 * }} HostFiles */

const LOG_SEGMENT = /^[0-9A-F]{24}$/;

/** The data directory with fsync: log, data and control file reach the disk in the order that recovery needs. */
export class SyncedFiles extends NodeFS {
  /** Log segments with commits that the disk may not have yet. @type {Set<string>} */
  #unsynced = new Set();
  #logBytes = 0;
  #isPaused = false;
  #onAbort;

  /** @param {string} directory @param {(reason: unknown) => void} onAbort called when Postgres panics */
  constructor(directory, onAbort) {
    super(directory);
    this.#onAbort = onAbort;
  }

  /** Bytes of log written since the last checkpoint: a single-user Postgres makes none by itself. */
  get logBytes() {
    return this.#logBytes;
  }

  /** Nothing is synced one by one any more: a database that is only being made has two thousand files to begin with. */
  pause() {
    this.#isPaused = true;
  }

  /** Brings all of it to the disk, and from here on what Postgres asks for. */
  async resume() {
    this.#isPaused = false;
    await syncTree(this.rootDir);
  }

  /** Brings the log to the disk beside the running database; resolves when every commit so far is there. */
  async settleLog() {
    const paths = [...this.#unsynced];
    this.#unsynced.clear();
    for (const path of paths) await syncPath(path);
  }

  /** @override @type {NodeFS['init']} */
  async init(pg, options) {
    const { emscriptenOpts } = await super.init(pg, options);
    const restoreSync = (/** @type {{ FS: { filesystems: unknown } }} */ module) =>
      this.#restoreSync(/** @type {{ NODEFS: HostFiles }} */ (module.FS.filesystems).NODEFS);
    const preRun = [...(emscriptenOpts.preRun ?? []), restoreSync];
    return { emscriptenOpts: { ...emscriptenOpts, onAbort: this.#onAbort, preRun } };
  }

  /** @param {HostFiles} host */
  #restoreSync(host) {
    const operations = host.stream_ops;
    const write = operations.write;
    operations.write = (...given) => {
      const [stream, , , length] = given;
      if (stream.node.parent.name === 'pg_wal') this.#logBytes += length;
      else this.#settleLogNow(host); // no page and no control file on the disk before the log that explains it
      if (stream.node.name === 'pg_control') this.#logBytes = 0;
      return write(...given);
    };
    operations.fsync = (stream) => {
      if (this.#isPaused) return 0;
      const path = host.realPath(stream.node);
      if (LOG_SEGMENT.test(stream.node.name)) this.#unsynced.add(path);
      else host.tryFSOperation(() => syncNow(path, stream.nfd));
      return 0;
    };
  }

  /** @param {HostFiles} host */
  #settleLogNow(host) {
    for (const path of this.#unsynced) host.tryFSOperation(() => syncIfThere(path));
    this.#unsynced.clear();
  }
}

/** Syncs every file and directory below `directory`. @param {string} directory */
async function syncTree(directory) {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const paths = [directory, ...entries.map((entry) => join(entry.parentPath, entry.name))];
  while (paths.length > 0) await Promise.all(paths.splice(0, 32).map(syncPath));
}

/** Syncs one file or directory, by any of its names. @param {string} path */
export async function syncPath(path) {
  const handle = await open(path, 'r').catch((/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code === 'ENOENT') return undefined; // a recycled log segment: a checkpoint is past it
    throw error;
  });
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

/** A log segment that is gone was recycled: a checkpoint is past it. @param {string} path */
function syncIfThere(path) {
  if (fs.existsSync(path)) syncNow(path, undefined);
}

/** @param {string} path @param {number | undefined} descriptor of the open file; directories have none */
function syncNow(path, descriptor) {
  const opened = descriptor ?? fs.openSync(path, 'r');
  try {
    fs.fsyncSync(opened);
  } finally {
    if (descriptor === undefined) fs.closeSync(opened);
  }
}
