// The prepared data directory of a first start. PGlite could unpack it itself, file by file through its own file system
// and with open modes; done here it takes a third of the time, and only the owner may read the files.
import fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { dataDir } from '@electric-sql/pglite-prepopulatedfs';

/** The ustar format (POSIX 1003.1): blocks of 512 bytes, a header before each file. */
const BLOCK = 512;
const NAME = [0, 100];
const SIZE = [124, 136];
const TYPE = 156;
const FILE = 0x30;
const DIRECTORY = 0x35;

/** Writes the prepared files into an empty directory. Nothing is synced. @param {string} directory */
export async function unpackPrepared(directory) {
  const archive = await dataDir();
  const bytes = await promisify(gunzip)(await archive.arrayBuffer());
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + BLOCK);
    const path = join(directory, textOf(header, NAME));
    const size = Number.parseInt(textOf(header, SIZE), 8);
    at += BLOCK;
    if (header[TYPE] === DIRECTORY) fs.mkdirSync(path, { recursive: true, mode: 0o700 });
    else if (header[TYPE] === FILE) fs.writeFileSync(path, bytes.subarray(at, at + size), { mode: 0o600 });
    else throw new Error('the prepared database holds something that is neither a file nor a directory');
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** A field up to its first zero. @param {Buffer} header @param {number[]} field */
function textOf(header, [start, end]) {
  return header.toString('latin1', start, end).replace(/\0.*/s, '');
}
