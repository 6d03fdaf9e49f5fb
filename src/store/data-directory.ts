// The data directory: private to one user, held by one server. The admin socket inside it says whether a server
// lives; a lock file covers the time before the socket listens. The embedded database has no lock of its own, and
// two processes on it destroy it.
import { createHash, randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readFile, rename, statfs, unlink, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { Problem } from '../core/problem.ts';
import { MAX_SOCKET_PATH_BYTES } from '../core/socket-path.ts';

const SOCKET_TIMEOUT_MS = 2000;

export interface DirectoryClaim {
  readonly path: string;
  /** Free to listen on: whatever a dead server left there is gone. */
  readonly socketPath: string;
  /** After the socket is closed. Idempotent. */
  release(): Promise<void>;
}

/**
 * Makes the data directory this process's own until `release`, creating it (0700) where it is missing. Throws
 * `in-use` while another server runs on it, `not-ready` where other users could reach into it.
 */
export async function claimDataDirectory(
  path: string,
  { socketPath }: { readonly socketPath: string },
): Promise<DirectoryClaim> {
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    throw notReady(
      `No place for the admin socket: ${socketPath} is longer than ${MAX_SOCKET_PATH_BYTES} bytes. Set a shorter DOORWARD_DATA_DIR or XDG_RUNTIME_DIR.`,
    );
  }
  await ensurePrivateDirectory(path);
  await ensurePrivateDirectory(dirname(socketPath));
  const lock = join(path, 'server.lock');
  const token = await takeLock(lock, path, socketPath);
  const release = async () => {
    if ((await readIfThere(lock)) === token) await unlink(lock);
  };
  try {
    if (await isAlive(socketPath)) throw inUse(path);
    await unlink(socketPath).catch(ignoreMissing);
  } catch (error) {
    await release();
    throw error;
  }
  return { path, socketPath, release };
}

/** Room that is left for what is written into the directory. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Creates a directory only its owner can enter, or checks that an existing one is that. */
async function ensurePrivateDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw notReady(`The directory ${path} can not be created: ${whyNotMade(error)}.`, error);
  });
  if (made !== undefined) await syncParents(path, made);
  const found = await lstat(path);
  const user = process.getuid?.();
  if (!found.isDirectory())
    throw notReady(`${path} is not a directory of its own (a symbolic link is refused).`);
  if (user !== undefined && found.uid !== user) {
    throw notReady(`${path} belongs to user ${found.uid}, and this process runs as user ${user}.`);
  }
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    throw notReady(`Other users can reach into ${path} (mode ${mode}): run chmod 700 on it.`);
  }
}

function whyNotMade(error: unknown): string {
  if (isCode(error, 'EEXIST') || isCode(error, 'ENOTDIR'))
    return 'a file stands in its place or above it; name another in DOORWARD_DATA_DIR';
  if (isCode(error, 'EROFS')) return 'the file system is read-only';
  if (isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT')) return 'the file system is full';
  return "check its parent's owner and mode";
}

/** What is made in a fresh directory survives a power cut only with the directory's own name. */
async function syncParents(path: string, outermost: string): Promise<void> {
  const stop = dirname(resolve(outermost));
  for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
    const directory = await open(parent, 'r').catch((error: unknown) => {
      if (isCode(error, 'EACCES')) return undefined; // one that may be written but not read: nothing more can be done
      throw error;
    });
    try {
      await directory?.sync();
    } finally {
      await directory?.close();
    }
    if (parent === stop) return;
  }
}

/**
 * Puts a lock file in place, or follows a dead holder. Each holder can have one successor, whose file is named after
 * it; only that one may replace the lock. Whoever comes late finds the lock replaced and starts over.
 */
async function takeLock(lock: string, directory: string, socketPath: string): Promise<string> {
  const token = `${process.pid} ${(await startOf(process.pid)) ?? '-'} ${randomUUID()}\n`;
  const draft = `${lock}.${randomUUID()}`;
  await writeFile(draft, token, { mode: 0o600, flag: 'wx' }); // linked when whole: nobody reads half a lock
  try {
    while (true) {
      const first = await readIfThere(lock);
      if (first === undefined) {
        if (await linkIfFree(draft, lock)) return token;
        continue;
      }
      const { last, passed } = await followSuccessors(lock, first);
      if ((await isHeld(last)) || (await isAlive(socketPath))) throw inUse(directory);
      const place = successorOf(lock, last);
      if (!(await linkIfFree(draft, place))) continue;
      const isLate = (await readIfThere(lock)) !== first;
      if (!isLate) await rename(draft, lock);
      await Promise.all(
        (isLate ? [place] : [...passed, place]).map((path) => unlink(path).catch(ignoreMissing)),
      );
      if (!isLate) return token;
    }
  } finally {
    await unlink(draft).catch(ignoreMissing);
  }
}

/** Successors that died before they could replace the lock form a chain; its last one counts. */
async function followSuccessors(lock: string, first: string): Promise<{ last: string; passed: string[] }> {
  const passed: string[] = [];
  let last = first;
  while (true) {
    const path = successorOf(lock, last);
    const next = await readIfThere(path);
    if (next === undefined) return { last, passed };
    passed.push(path);
    last = next;
  }
}

function successorOf(lock: string, holder: string): string {
  return `${lock}.after-${createHash('sha256').update(holder).digest('hex').slice(0, 16)}`;
}

async function linkIfFree(draft: string, lock: string): Promise<boolean> {
  try {
    await link(draft, lock);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Whether the process that wrote a lock still runs. Its start time tells it from a later one with its number. */
async function isHeld(holder: string): Promise<boolean> {
  const [pidText, start] = holder.split(' ');
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isCode(error, 'EPERM');
  }
  const startNow = await startOf(pid);
  if (startNow !== undefined && start !== '-') return startNow === start;
  return pid !== process.pid;
}

/** When a process started, in the kernel's ticks and this boot; unknown where there is no /proc. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  const boot = await readIfThere('/proc/sys/kernel/random/boot_id');
  // The command, in brackets, may itself hold spaces and brackets; the start is the 20th field after it.
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return ticks === undefined || boot === undefined ? undefined : `${ticks}@${boot.trim()}`;
}

/** Whether something listens on the socket. A socket nobody listens on is what a killed server leaves. */
async function isAlive(socketPath: string): Promise<boolean> {
  const found = await lstat(socketPath).catch(ignoreMissing);
  if (found === undefined) return false;
  if (!found.isSocket()) throw notReady(`${socketPath} is not a socket: move it away.`);
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    socket.setTimeout(SOCKET_TIMEOUT_MS);
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(true)); // somebody holds it, too busy to accept
    socket.once('error', (error) => {
      if (isCode(error, 'ECONNREFUSED') || isCode(error, 'ENOENT')) settle(false);
      else if (isCode(error, 'EAGAIN'))
        settle(true); // its queue is full, so it is there
      else reject(notReady(`The admin socket ${socketPath} can not be tried.`, error));
    });
    const settle = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return undefined;
  throw error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function inUse(path: string): Problem {
  return new Problem('in-use', {
    detail: `Another Doorward server runs on the data directory ${path}. Stop it first, or name another directory in DOORWARD_DATA_DIR.`,
  });
}

function notReady(detail: string, cause?: unknown): Problem {
  return new Problem('not-ready', { detail, cause });
}
