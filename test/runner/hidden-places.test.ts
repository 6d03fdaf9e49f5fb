// Which places a sandbox covers, for files that lie anywhere.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findHiddenPlaces, findHider } from '../../src/runner/hidden-places.ts';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'doorward-hidden-')));
});
afterEach(() => rmSync(root, { recursive: true }));

function file(path: string): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, 'x');
  return full;
}

test('files inside the data directory are covered by it', () => {
  const files = [file('data/root.key'), file('data/owner.credential')];
  expect(findHiddenPlaces({ dataDirectory: join(root, 'data'), files })).toEqual({
    directories: [join(root, 'data')],
    files: [],
  });
});

test('a directory that holds nothing else is covered whole, any other file alone', () => {
  const files = [file('keys/root.key'), file('keys/owner.credential'), file('home/passphrase')];
  file('home/notes.txt');
  expect(findHiddenPlaces({ dataDirectory: join(root, 'none'), files })).toEqual({
    directories: [join(root, 'keys')],
    files: [join(root, 'home/passphrase')],
  });
});

test('links are followed to what they name', () => {
  const real = file('real/root.key');
  file('real/other');
  symlinkSync(join(root, 'real'), join(root, 'data'));
  symlinkSync(real, join(root, 'link'));
  expect(findHiddenPlaces({ dataDirectory: join(root, 'data'), files: [] }).directories).toEqual([
    join(root, 'real'),
  ]);
  const hidden = findHiddenPlaces({ dataDirectory: join(root, 'none'), files: [join(root, 'link')] });
  expect(hidden).toEqual({ directories: [], files: [real] });
});

test('what lies in a hidden place is found out, also through links', () => {
  file('data/sub/tool');
  symlinkSync(join(root, 'data/sub'), join(root, 'link'));
  const hidden = { directories: [join(root, 'data')], files: [] };
  expect(findHider(hidden, join(root, 'link/tool'))).toBe(join(root, 'data'));
  expect(findHider(hidden, join(root, 'data'))).toBe(join(root, 'data'));
  expect(findHider(hidden, file('data-2/tool'))).toBeUndefined();
});
