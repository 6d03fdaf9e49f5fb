// What a power cut would leave of a directory, put together from what `power-cut.js` noted.
import { constants, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What the disk would hold: `before`, and what the notes say was synced since. */
export async function rebuild(before: string, disk: string): Promise<string> {
  const after = await mkdtemp(join(tmpdir(), 'doorward-after-cut-'));
  await cp(before, after, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const place = async (path: string, identity: string) => {
    const bytes = join(disk, 'bytes', identity);
    if (!existsSync(bytes)) return writeFile(path, '', { flag: 'a' }); // the name is there, the bytes are not
    await mkdir(dirname(path), { recursive: true });
    await cp(bytes, path);
  };
  const identities = new Map<string, string>();
  for (const line of (await readFile(join(disk, 'notes'), 'utf8')).trimEnd().split('\n')) {
    const note = JSON.parse(line) as
      | { file: string; identity: string }
      | { directory: string; children: [string, string][] };
    if ('file' in note) identities.set(note.file, note.identity);
    else {
      const inside = new Map(note.children.map(([name, identity]) => [join(note.directory, name), identity]));
      for (const path of identities.keys()) {
        if (dirname(path) === (note.directory || '.') && !inside.has(path)) identities.delete(path);
      }
      for (const [path, identity] of inside) identities.set(path, identity);
    }
  }
  for (const [path, identity] of identities) {
    if (identity === 'directory') await mkdir(join(after, path), { recursive: true });
    else if (existsSync(join(disk, 'bytes', identity)) || !existsSync(join(after, path)))
      await place(join(after, path), identity);
  }
  return after;
}
