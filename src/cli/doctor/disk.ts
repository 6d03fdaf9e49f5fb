// Free space where the data directory lies: a full disk stops the audit log, and with it every call.
import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Check, fail, type Finding, pass, warn, withConfiguration } from './check.ts';

const MEBIBYTE = 1024 * 1024;
const LEAST_BYTES = 64 * MEBIBYTE;
/** The embedded database grows with every call. */
const COMFORTABLE_BYTES = 1024 * MEBIBYTE;
const LEAST_FILES = 1000;
const FIX = 'Make room, or move the data directory and name it in DOORWARD_DATA_DIR';

export const disk: Check = {
  name: 'disk',
  area: 'files',
  run: withConfiguration(({ config }) => {
    let path = resolve(config.dataDirectory);
    while (!existsSync(path)) path = dirname(path);
    return [judgeSpace(path, config.databaseUrl === undefined ? COMFORTABLE_BYTES : LEAST_BYTES)];
  }),
};

function judgeSpace(path: string, comfortableBytes: number): Finding {
  const { bavail, bsize, files, ffree } = statfsSync(path);
  const free = bavail * bsize;
  const text = `${Math.floor(free / MEBIBYTE)} MiB are free at ${path}`;
  if (free < LEAST_BYTES) return fail(text, FIX);
  if (files > 0 && ffree < LEAST_FILES) return fail(`Only ${ffree} files can still be made at ${path}`, FIX);
  return free < comfortableBytes ? warn(text, FIX) : pass(text);
}
