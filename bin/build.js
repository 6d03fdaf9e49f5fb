#!/usr/bin/env node
// Compiles `src` to `dist`: into a directory beside it first, then by renaming, so that nobody sees half a build.
// A lock lets one process build while the others wait for it.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isBuilt, isStale, ROOT } from './built.js';

const root = fileURLToPath(ROOT);
const dist = `${root}dist`;
const lock = `${root}.dist-lock`;
const compiler = `${root}node_modules/typescript/bin/tsc`;
const LOCK_STALE_MS = 120_000;

/**
 * Builds unless another process just did. `kept`: nothing can be built here, so what is in `dist` has to do.
 * @param {{ force?: boolean }} [options]
 * @returns {'built' | 'kept' | 'failed'}
 */
export function buildOnce(options = {}) {
  const obstacle = whyNotHere();
  if (obstacle !== undefined) {
    const then = isBuilt() ? 'the older build in dist is used' : 'there is no build to start';
    process.stderr.write(`doorward: src is newer than dist, but ${obstacle}: ${then}.\n`);
    return isBuilt() ? 'kept' : 'failed';
  }
  takeLock();
  try {
    return options.force === true || isStale() ? build() : 'built';
  } finally {
    rmSync(lock, { force: true });
  }
}

function whyNotHere() {
  if (!existsSync(compiler)) return 'the compiler is not installed (npm ci)';
  try {
    accessSync(root, constants.W_OK);
    return undefined;
  } catch {
    return 'this checkout can not be written';
  }
}

/** Waits for its turn: the process before us may have built what we need. */
function takeLock() {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (isLockStale()) rmSync(lock, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

/** A lock whose maker died, or one so old that its number may long be another process's. */
function isLockStale() {
  try {
    if (Date.now() - statSync(lock).mtimeMs > LOCK_STALE_MS) return true;
    const holder = Number(readFileSync(lock, 'utf8'));
    return holder > 0 && !isAlive(holder);
  } catch {
    return false; // gone meanwhile
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function build() {
  process.stderr.write('building…\n');
  const startedAt = new Date();
  const fresh = `${root}.dist-${process.pid}`;
  const options = ['-p', `${root}tsconfig.build.json`, '--outDir', fresh, '--noEmitOnError'];
  const compiled = spawnSync(process.execPath, [compiler, ...options], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (compiled.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    process.stderr.write('doorward: the build failed.\n');
    return 'failed';
  }
  writeFileSync(`${fresh}/.built`, '');
  utimesSync(`${fresh}/.built`, startedAt, startedAt);
  const old = `${fresh}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
  return 'built';
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = buildOnce({ force: true }) === 'built' ? 0 : 1;
}
