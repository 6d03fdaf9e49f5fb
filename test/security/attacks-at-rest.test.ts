// A43: everything on disk searched for a value, a key and tokens, in every spelling.
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld } from '../support/world.ts';
import { createAttacker } from './attacker.ts';

/** Every spelling somebody would search a stolen disk for. */
function spellings(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4);
    return [encoded, encoded.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const hex = bytes.toString('hex');
  const utf16 = Buffer.from(value, 'utf16le').toString('latin1');
  return [
    value,
    hex,
    hex.toUpperCase(),
    hex.replaceAll(/../g, '%$&'),
    utf16,
    value.split('').toReversed().join(''),
    ...base64,
  ];
}

async function findIn(directory: string, needles: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  // What is gone since it was listed is nobody's: others' databases on the same server come and go.
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) found.push(...(await findIn(path, needles)));
    if (!entry.isFile()) continue;
    const bytes = await readFile(path).catch(() => undefined);
    if (needles.some((needle) => bytes?.includes(needle, 0, 'latin1') === true)) found.push(path);
  }
  return found;
}

describe.each(testDatabases())('A43: whoever steals the disk on $name', (database) => {
  test('finds no value, key or token in files, write-ahead log, tables or dumps', {
    timeout: 300_000,
  }, async () => {
    const marker = randomBytes(12).toString('hex');
    const value = `sk-live-${randomBytes(24).toString('base64url')}`;
    const world = await createWorld({ database });
    const attacker = createAttacker(world);
    try {
      const { key } = await world.setUp({ value, service: `s-${marker}` });
      const token = await world.token('robot', key);
      world.upstream.respond = (_request, response) => response.end(`echo ${value}`);
      expect((await world.call(token, `/call/s-${marker}/v1?q=1`)).status).toBe(200);
      const { placeholder } = (await world.admin('POST', '/v1/runs', { agent: 'robot' })).body;
      const hidden = [...spellings(value), key, token, String(placeholder)];

      await attacker.sql('checkpoint');
      const tables = await attacker.sql(
        `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
      );
      let dump = '';
      for (const { name } of tables) {
        for (const row of await attacker.sql(`select t::text as line from "${String(name)}" t`))
          dump += `${String(row['line'])}\n`;
      }
      expect(dump).toContain(`s-${marker}`);
      expect(hidden.filter((needle) => dump.includes(needle))).toEqual([]);

      const [server] = database.name === 'postgres' ? await attacker.sql('show data_directory') : [];
      const directories = [...world.dataDirectories, world.keysDirectory];
      if (server !== undefined) directories.push(String(server['data_directory']));
      for (const directory of directories) expect(await findIn(directory, hidden)).toEqual([]);
      const known = await Promise.all(directories.map((directory) => findIn(directory, [`s-${marker}`])));
      expect(known.flat().length).toBeGreaterThan(0); // the search finds what is there
    } finally {
      await attacker.close();
      await world.close();
    }
  });
});
