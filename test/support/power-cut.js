// Loaded into a process before Doorward: notes what reaches the disk, so that a test can rebuild what a power cut
// would leave. A file's bytes count once it is synced; names in a directory once it, or the file, is.
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { join, relative } from 'node:path';

const root = process.env['POWER_CUT_ROOT'] ?? '';
const disk = process.env['POWER_CUT_DISK'] ?? '';
const fsyncSync = fs.fsyncSync;

/** @param {number} descriptor */
function note(descriptor) {
  const path = readlinkSync(`/proc/self/fd/${descriptor}`);
  if (!path.startsWith(root)) return;
  const stat = statSync(path);
  if (stat.isDirectory()) {
    const names = readdirSync(path).filter((name) => !statSync(join(path, name)).isSocket()); // it would be a dead one
    const children = names.map((name) => [name, identity(join(path, name))]);
    write({ directory: relative(root, path), children });
  } else {
    mkdirSync(join(disk, 'bytes'), { recursive: true });
    copyFileSync(path, join(disk, 'bytes', identity(path)), fs.constants.COPYFILE_FICLONE);
    write({ file: relative(root, path), identity: identity(path) });
  }
}

/** Survives a rename; is not shared by a later file. @param {string} path */
function identity(path) {
  const stat = statSync(path, { bigint: true });
  return stat.isDirectory() ? 'directory' : `${stat.ino}-${stat.birthtimeNs}`;
}

/** @param {unknown} line */
function write(line) {
  appendFileSync(join(disk, 'notes'), `${JSON.stringify(line)}\n`);
}

fs.fsyncSync = (descriptor) => {
  fsyncSync(descriptor);
  note(descriptor);
};
const handle = await open('/dev/null');
const prototype = Object.getPrototypeOf(handle);
const sync = prototype.sync;
/** @this {import('node:fs/promises').FileHandle} */
prototype.sync = async function noted() {
  await sync.call(this);
  note(this.fd);
};
await handle.close();
