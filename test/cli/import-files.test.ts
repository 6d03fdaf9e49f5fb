// Replacing keys in real files and putting them back: the same bytes, the same look, and never half of anything.
import * as fc from '../support/properties.ts';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listBackups, openBackup } from '../../src/cli/import/backup-record.ts';
import type { Replacement } from '../../src/cli/import/edits.ts';
import { gather } from '../../src/cli/import/gather.ts';
import { createNameIndex } from '../../src/cli/import/name-index.ts';
import { makePlan, type PlannedKey } from '../../src/cli/import/plan.ts';
import { replaceInFiles } from '../../src/cli/import/replace-files.ts';
import { restoreAll } from '../../src/cli/import/restore-files.ts';

const OPENAI = 'sk-proj-Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5KwQ1nVbXe';
const GITHUB = 'ghp_Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5KwQ1n';
const OWNER = 'dw_owner_of-this-test';

let root: string;
let data: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'doorward-import-')));
  data = join(root, 'data');
  mkdirSync(join(root, 'work'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const place = (name: string) => join(root, 'work', name);
const content = (name: string) => readFileSync(place(name), 'utf8');

async function plan(...names: readonly string[]): Promise<PlannedKey[]> {
  const gathered = await gather({
    paths: names.map(place),
    home: undefined,
    environment: undefined,
    onProgress: () => undefined,
  });
  const knowledge = { index: createNameIndex(), isPlaceholder: () => false };
  return [...makePlan(gathered.origins, knowledge, { taken: new Set(), nameOf: () => undefined }).keys];
}

const placeholderOf = ({ name }: PlannedKey) => `placeholder-for-${name}`;

async function replace(keys: readonly PlannedKey[], variables: Replacement['variables'] = []) {
  const replacements = keys.map((key) => ({ key, placeholder: placeholderOf(key), variables }));
  return replaceInFiles(keys, replacements, {
    dataDirectory: data,
    ownerCredential: OWNER,
    madeAt: new Date(2030, 0, 1, 0, 0, readdirSync(root).length).toISOString(),
    placeholderIds: [],
    onProgress: () => undefined,
  });
}

test('any file comes back byte for byte', async () => {
  const odd = fc.constantFrom(
    '',
    '# note',
    'PORT=3000',
    'A="two\r\nlines"',
    "B='x'",
    'broken line',
    'C=$D',
    'E="open',
    '\u00e9\u00ff',
    `F=${GITHUB}`,
  );
  const keyLine = fc.constantFrom(
    `OPENAI_API_KEY=${OPENAI}`,
    `export OPENAI_API_KEY="${OPENAI}" # c`,
    `GITHUB_TOKEN='${GITHUB}'`,
    `GH_TOKEN=${GITHUB}   `,
  );
  const file = fc.array(fc.tuple(fc.oneof(odd, keyLine), fc.constantFrom('\n', '\r\n', '\r', '')), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 10, maxLength: 20 }), async (files) => {
      rmSync(place(''), { recursive: true });
      mkdirSync(place(''));
      const before = new Map(
        files.map((lines, at) => [`${String(at)}.env`, Buffer.from(lines.flat().join(''), 'latin1')]),
      );
      for (const [name, bytes] of before) writeFileSync(place(name), bytes);
      const keys = await plan('');
      const { files: replaced, troubles } = await replace(keys);
      expect(troubles).toEqual([]);
      for (const name of replaced) {
        expect(readFileSync(name, 'latin1')).toContain('placeholder-for-');
      }
      const restored = await restoreAll(data, OWNER);
      expect(restored.troubles).toEqual([]);
      for (const [name, bytes] of before) expect(readFileSync(place(name)).equals(bytes), name).toBe(true);
      expect(await listBackups(data)).toEqual([]);
    }),
    { numRuns: 4 },
  );
});

test('only the key changes, and mode and links stay', async () => {
  writeFileSync(place('real.env'), `# mine\r\nexport OPENAI_API_KEY="${OPENAI}" # c\r\nB=2`);
  chmodSync(place('real.env'), 0o640);
  symlinkSync('real.env', place('.env'));
  const { files, values, backup } = await replace(await plan('.env'));
  expect([files.length, values]).toEqual([1, 1]);
  expect(content('.env')).toBe('# mine\r\nexport OPENAI_API_KEY="placeholder-for-openai" # c\r\nB=2');
  expect(lstatSync(place('.env')).isSymbolicLink()).toBe(true);
  expect(lstatSync(place('real.env')).mode & 0o777).toBe(0o640);
  const kept = lstatSync(backup ?? expect.fail('no backup'));
  expect(kept.mode & 0o777).toBe(0o600);
  expect(lstatSync(join(data, 'import')).mode & 0o777).toBe(0o700);
  await restoreAll(data, OWNER);
  expect(lstatSync(place('real.env')).mode & 0o777).toBe(0o640);
});

test('no key lies in the backup as it is, and only its owner credential opens it', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\n`);
  const { backup = '' } = await replace(await plan('.env'));
  const bytes = readFileSync(backup, 'latin1');
  // The credential is random, so it need not be stretched as what a person thinks of.
  expect(bytes).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S{22} 10\n/);
  for (const form of [OPENAI, Buffer.from(OPENAI).toString('base64').slice(2, 40)])
    expect(bytes).not.toContain(form);
  await expect(openBackup(backup, 'dw_owner_of-another')).rejects.toThrow('another owner credential');
  await expect(restoreAll(data, 'dw_owner_of-another')).rejects.toThrow('nothing was changed');
  expect(content('.env')).toBe('OPENAI_API_KEY=placeholder-for-openai\n');
});

test('a file that was changed since it was read keeps every other one from being replaced', async () => {
  writeFileSync(place('a.env'), `OPENAI_API_KEY=${OPENAI}\n`);
  writeFileSync(place('b.env'), `GITHUB_TOKEN=${GITHUB}\n`);
  const keys = await plan('a.env', 'b.env');
  writeFileSync(place('b.env'), `GITHUB_TOKEN=${GITHUB}\nNEW=1\n`);
  await expect(replace(keys)).rejects.toThrow('b.env has changed since it was read: nothing was replaced');
  expect(content('a.env')).toContain(OPENAI);
  expect(await listBackups(data)).toEqual([]);
});

test('nothing is replaced where the backup can not be kept', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\n`);
  mkdirSync(data);
  writeFileSync(join(data, 'import'), 'in the way');
  await expect(replace(await plan('.env'))).rejects.toThrow('No backup could be kept');
  expect(content('.env')).toContain(OPENAI);
});

test('a file of several names is left alone, and says so', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\n`);
  linkSync(place('.env'), place('other'));
  const { files, troubles } = await replace(await plan('.env'));
  expect(files).toEqual([]);
  expect(troubles).toEqual([expect.stringContaining('2 names (hard links)')]);
  expect(content('other')).toContain(OPENAI);
});

test('what others changed meanwhile stays, and the key comes back to where its placeholder went', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\nB=2\n`);
  await replace(await plan('.env'));
  writeFileSync(place('.env'), `NEW=1\n${content('.env').replace('B=2', 'B=3')}`);
  const { merged, whole } = await restoreAll(data, OWNER);
  expect([merged, whole]).toEqual([[place('.env')], []]);
  expect(content('.env')).toBe(`NEW=1\nOPENAI_API_KEY=${OPENAI}\nB=3\n`);
});

test('a key whose placeholder is gone from the file stays in the backup, and that is said', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\nGH_TOKEN=${GITHUB}\n`);
  await replace(await plan('.env'));
  writeFileSync(place('.env'), 'GH_TOKEN=placeholder-for-github\n');
  const { troubles } = await restoreAll(data, OWNER);
  expect(troubles).toEqual([expect.stringContaining('stays in the backup')]);
  expect(content('.env')).toBe(`GH_TOKEN=${GITHUB}\n`);
  expect(await listBackups(data)).toHaveLength(1);
});

test('what a crash left beside a file goes', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\n`);
  await replace(await plan('.env'));
  for (const name of ['.env.0123456789ab.draft', 'other.0123456789ab.draft'])
    writeFileSync(place(name), OPENAI);
  await restoreAll(data, OWNER);
  expect(readdirSync(place('')).toSorted()).toEqual(['.env', 'other.0123456789ab.draft']);
});

test('a file that is gone comes back', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\n`);
  await replace(await plan('.env'));
  unlinkSync(place('.env'));
  await restoreAll(data, OWNER);
  expect(content('.env')).toBe(`OPENAI_API_KEY=${OPENAI}\n`);
});

test('two imports of one file are undone in their order', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\n`);
  await replace(await plan('.env'));
  writeFileSync(place('.env'), `${content('.env')}GH_TOKEN=${GITHUB}\n`);
  mkdirSync(join(root, 'later'));
  await replace((await plan('.env')).filter(({ name }) => name === 'github'));
  expect(await listBackups(data)).toHaveLength(2);
  expect((await restoreAll(data, OWNER)).troubles).toEqual([]);
  expect(content('.env')).toBe(`OPENAI_API_KEY=${OPENAI}\nGH_TOKEN=${GITHUB}\n`);
});

test('MCP servers are pointed at the broker, and that is undone too', async () => {
  const text = `{\n  "mcpServers": {\n    "a": { "command": "x", "env": {\n      "OPENAI_API_KEY": "${OPENAI}"\n    } }\n  }\n}\n`;
  writeFileSync(place('.mcp.json'), text);
  await replace(await plan('.mcp.json'), [['OPENAI_BASE_URL', 'http://127.0.0.1:7420/call/openai/v1']]);
  expect(JSON.parse(content('.mcp.json'))).toEqual({
    mcpServers: {
      a: {
        command: 'x',
        env: {
          OPENAI_API_KEY: 'placeholder-for-openai',
          OPENAI_BASE_URL: 'http://127.0.0.1:7420/call/openai/v1',
        },
      },
    },
  });
  const edited = content('.mcp.json').replace('"x"', '"y"');
  writeFileSync(place('.mcp.json'), edited);
  await restoreAll(data, OWNER);
  expect(content('.mcp.json')).toBe(text.replace('"x"', '"y"'));
});

test('of a tree only the known files are read; links and what others wrote are passed over', async () => {
  const outside = join(root, 'outside.env');
  writeFileSync(outside, `OPENAI_API_KEY=${OPENAI}\n`);
  for (const directory of ['a/b', 'node_modules/x', '.git']) mkdirSync(place(directory), { recursive: true });
  for (const name of ['a/b/.env', 'node_modules/x/.env', '.git/.env', '.env.example', 'notes.txt']) {
    writeFileSync(place(name), `OPENAI_API_KEY=${OPENAI}\n`);
  }
  symlinkSync(outside, place('.env'));
  symlinkSync('..', place('a/loop'));
  const { origins, notes } = await gather({
    paths: [place('')],
    home: undefined,
    environment: undefined,
    onProgress: () => undefined,
  });
  expect(origins.map(({ file }) => file?.path)).toEqual([place('a/b/.env')]);
  expect(notes).toEqual([expect.stringContaining('2 symbolic links')]);
});

test('what can not be read is told, and the rest is', async () => {
  writeFileSync(place('.env'), `OPENAI_API_KEY=${OPENAI}\n`);
  writeFileSync(place('wide.env'), Buffer.from(`OPENAI_API_KEY=${OPENAI}`, 'utf16le'));
  symlinkSync('nowhere', place('dangling.env'));
  const named = async (...paths: readonly string[]) =>
    gather({ paths: paths.map(place), home: undefined, environment: undefined, onProgress: () => undefined });
  const { origins } = await named('.env', 'wide.env');
  expect(origins.map(({ values, troubles }) => [values.length, troubles.length])).toEqual([
    [1, 0],
    [0, 1],
  ]);
  await expect(named('missing.env')).rejects.toThrow('is not there: nothing was imported');
  await expect(named('dangling.env')).rejects.toThrow('a link that leads nowhere');
});
