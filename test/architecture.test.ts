// The house as it is meant to be, checked from the code: who imports whom, sizes, words, and what a clone may hold.
// Every check is also shown a text that breaks it, so that none can pass by being blind.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVELOPMENT, RUNTIME, RUNTIME_TRANSITIVE } from './architecture/dependencies.ts';
import { BANNED_WORDS, MAX_FILE_LINES } from './architecture/house.ts';
import { brokenImports, circles, forbiddenImports } from './architecture/imports.ts';
import {
  listFiles,
  localMarks,
  type Lock,
  lockTrouble,
  manifestTrouble,
  readText,
} from './architecture/repository.ts';
import { isThere, parseSource, readSource } from './architecture/source.ts';
import {
  badFileNames,
  badOpenings,
  bannedWords,
  bareDates,
  barrelsAndDefaults,
  tooLarge,
} from './architecture/style.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const files = listFiles(ROOT);
const code = files
  .filter((path) => /^(src|test|bin|bench|examples|\.ci)\/.*\.[jt]s$/.test(path))
  .map((path) => readSource(ROOT, path));
const src = code.filter(({ path }) => path.startsWith('src/'));
const shipped = code.filter(({ path }) => !path.startsWith('test/'));
const there = (target: string) => isThere(ROOT, target);

describe('imports', () => {
  it('are seen, whichever way they are written', () => {
    const edges = src.flatMap(({ path, imports }) =>
      imports.map(({ target, how }) => `${path} ${how} ${target ?? ''}`),
    );
    expect(edges.filter((edge) => edge.includes(' src/')).length).toBeGreaterThan(400);
    expect(edges).toEqual(
      expect.arrayContaining([
        'src/installation.ts static src/store/database.ts',
        'src/broker/deps.ts type src/vault/authority.ts',
        'src/cli/registry.ts dynamic src/cli/commands/run.ts',
        'src/store/embedded-thread.ts url src/store/embedded-worker.js',
      ]),
    );
    expect(new Set(src.map(({ path }) => path.split('/')[1])).size).toBeGreaterThanOrEqual(14);
  });

  it('name files that are there, with their ending', () => {
    expect(brokenImports(code, there)).toEqual([]);
  });

  it('point only where the table allows', () => {
    expect(forbiddenImports(src)).toEqual([]);
  });

  it('run in no circle, types included', () => {
    expect(circles(code)).toEqual([]);
  });

  it('are refused when they break a rule', () => {
    const text = (from: string, line: string) => forbiddenImports([parseSource(from, line)]).length;
    expect(text('src/core/a.ts', "import '../vault/b.ts';")).toBe(1);
    expect(text('src/vault/a.ts', "import type { B } from '../broker/b.ts';")).toBe(1);
    expect(text('src/vault/a.ts', "import { type B } from '../broker/b.ts';")).toBe(1);
    expect(text('src/egress/a.ts', "export { b } from '../store/b.ts';")).toBe(1);
    expect(text('src/egress/a.ts', "export * from '../store/b.ts';")).toBe(1);
    expect(text('src/broker/a.ts', "type B = import('../http/b.ts').B;")).toBe(1);
    expect(text('src/runner/a.ts', "const b = await import('../vault/b.ts');")).toBe(1);
    expect(text('src/crypto/a.ts', "new URL('../store/b.js', import.meta.url);")).toBe(1);
    expect(text('src/cli/commands/a.ts', "import { compose } from '../../compose.ts';")).toBe(1);
    expect(text('src/cli/a.ts', "import { run } from '../operations/run.ts';")).toBe(1);
    expect(text('src/operations/contracts/a.ts', "import { run } from '../run.ts';")).toBe(1);
    expect(text('src/providers/credentials/a.ts', "import { b } from '../root-keys/b.ts';")).toBe(1);
    expect(text('src/attic/a.ts', "import { b } from '../core/b.ts';")).toBe(1);
    expect(text('src/core/a.ts', "import { b } from '../../test/b.ts';")).toBe(1);
    expect(text('src/broker/a.ts', "import postgres from 'postgres';")).toBe(1);
    expect(text('src/http/a.ts', "import { sql } from 'drizzle-orm/pg-core';")).toBe(1);
    expect(text('src/core/a.ts', "import { request } from 'node:http';")).toBe(1);
    expect(text('src/core/a.ts', "import { join } from 'path';")).toBe(1);
    expect(text('src/vault/a.ts', "import { b } from '../core/b.ts';\nimport { z } from 'zod';")).toBe(0);

    const broken = (line: string) => brokenImports([parseSource('src/core/a.ts', line)], there).length;
    expect(broken("import { b } from './ids';")).toBe(1);
    expect(broken("import { b } from './nothing.ts';")).toBe(1);
    expect(broken("import { b } from '../../../ids.ts';")).toBe(1);
    expect(broken('await import(`./${name}.ts`);')).toBe(1);
    expect(broken("import { b } from './ids.ts';")).toBe(0);

    const chain = (...lines: readonly string[]) =>
      circles(lines.map((line, index) => parseSource(`src/core/${index}.ts`, line)));
    expect(chain("import './1.ts';", "import type { A } from './2.ts';", "import './0.ts';")).toHaveLength(1);
    expect(chain("import './0.ts';")).toHaveLength(1);
    expect(chain("import './1.ts';\nimport './2.ts';", "import './2.ts';", 'export {};')).toEqual([]);
  });
});

describe('files', () => {
  it('are small, and so are the functions in them', () => {
    expect(tooLarge(shipped)).toEqual([]);
    const long = code
      .filter(({ lines }) => lines > MAX_FILE_LINES)
      .map(({ path, lines }) => `${path} ${lines}`);
    expect(long).toEqual([]);
  });

  it('open with what they are for', () => {
    expect(badOpenings(code)).toEqual([]);
  });

  it('hand nothing on from elsewhere and have no default export', () => {
    expect(barrelsAndDefaults(code)).toEqual([]);
  });

  it('are named for what is inside', () => {
    expect(badFileNames(code.map(({ path }) => path))).toEqual([]);
  });

  it("use this project's words", () => {
    expect(bannedWords(code)).toEqual([]);
  });

  it('read the clock only where the world comes in', () => {
    expect(bareDates(src)).toEqual([]);
  });

  it('are refused when they break a rule', () => {
    const parse = (text: string) => [parseSource('src/core/a.ts', text)];
    const body = '\n'.repeat(70);
    expect(tooLarge(parse(`${'\n'.repeat(400)}1;`))).toHaveLength(1);
    expect(tooLarge(parse(`function f() {${body}}`))).toHaveLength(1);
    expect(tooLarge(parse(`const f = () => {${body}};`))).toHaveLength(1);
    expect(tooLarge(parse(`class A { f() {${body}} }`))).toHaveLength(1);
    expect(tooLarge(parse('function f(a, b, { c }, d = 1, ...e) {}'))).toHaveLength(1);
    expect(tooLarge(parse('function f(a, b, c, ...e) {}'))).toEqual([]);

    expect(badOpenings(parse('export const a = 1;\n// Later.'))).toHaveLength(1);
    expect(badOpenings(parse('// 1\n// 2\n// 3\n// 4\n// 5\n// 6\n'))).toHaveLength(1);
    expect(badOpenings(parse('#!/usr/bin/env node\n// 1\n/* 2\n3 */\n'))).toEqual([]);

    expect(barrelsAndDefaults(parse("export * from './b.ts';"))).toHaveLength(1);
    expect(barrelsAndDefaults(parse("import { b } from './b.ts';\nexport { b };"))).toHaveLength(1);
    expect(barrelsAndDefaults(parse('export default 1;'))).toHaveLength(1);
    expect(barrelsAndDefaults(parse('const a = 1;\nexport { a as default };'))).toHaveLength(1);
    expect(barrelsAndDefaults(parse("import './b.ts';\nexport const a = 1;"))).toEqual([]);

    expect(badFileNames(['src/core/utils.ts', 'src/core/index.ts', 'src/core/twoWords.ts'])).toHaveLength(3);
    expect(badFileNames(['src/core/two-words.test.ts'])).toEqual([]);

    const spellings = BANNED_WORDS.map((word) =>
      word.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase()),
    );
    for (const name of [...spellings, 'MASTER_KEYS', 'newMasterKeyId', '#dummy', 'AuthType'])
      expect(bannedWords(parse(`class A { ${name} = 1; }`)), name).not.toEqual([]);
    expect(bannedWords(parse('const credential = "dummy"; // scrub'))).toEqual([]);

    for (const text of ['new Date()', 'Date()', '{ new Date }'])
      expect(bareDates(parse(text)), text).toHaveLength(1);
    expect(bareDates(parse('new Date(0)'))).toEqual([]);
    expect(() => parse('const = 1')).toThrow();
  });
});

describe('lint', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'doorward-lint-'));
    cpSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const lint = (path: string, text: string): string[] => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
    const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
    const { stdout } = spawnSync(process.execPath, [oxlint, '--format=json', path], {
      cwd: folder,
      encoding: 'utf8',
    });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string }[] };
    return diagnostics.map(({ code: rule }) => rule).toSorted();
  };
  const ambient = `// Everything that is not a port.
export const seen = [Date.now(), Math.random(), process.env['HOME'], fetch('http://a.example')];
export const { env } = process;
export const also = globalThis.fetch;
console.log(seen);
`;

  it('keeps clock, chance, environment, network and terminal out of the rooms', () => {
    expect(lint('src/vault/a.ts', ambient)).toEqual([
      'eslint(no-console)',
      'eslint(no-restricted-globals)',
      ...Array.from({ length: 5 }, () => 'eslint(no-restricted-properties)'),
    ]);
  });

  it('allows them where the world comes in', () => {
    for (const place of ['compose.ts', 'config.ts', 'cli/a.ts', 'egress/a.ts', 'telemetry/a.ts'])
      expect(lint(`src/${place}`, ambient), place).toEqual([]);
  });
});

describe('a clone', () => {
  it('names no machine and no registry', () => {
    expect(files.length).toBeGreaterThan(250);
    expect(files.flatMap((path) => localMarks(path, readText(ROOT, path)))).toEqual([]);
    expect(localMarks('a', `see ${['', 'root', '.npmrc'].join('/')}`)).toHaveLength(1);
    for (const host of [
      ['registry', 'npmjs', 'org'],
      ['registry', 'yarnpkg', 'com'],
      ['pypi', 'org'],
    ])
      expect(localMarks('a', `https://${host.join('.')}/a`), host.join('.')).toHaveLength(1);
  });

  it('asks for exact versions of the packages agreed on, and for no script at installation', () => {
    const manifest = JSON.parse(readText(ROOT, 'package.json')) as object;
    expect(manifestTrouble(manifest)).toEqual([]);
    expect(manifestTrouble({ dependencies: { zod: '^4.0.0' } })).toHaveLength(1);
    expect(manifestTrouble({ devDependencies: { 'left-pad': '1.0.0' } })).toHaveLength(1);
    expect(manifestTrouble({ dependencies: { vitest: '1.0.0' } })).toHaveLength(1);
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(manifestTrouble({ scripts: { [name]: 'true' } }), name).toHaveLength(1);
  });

  it('locks every package by its hash, from whichever registry it comes, and nothing unforeseen', () => {
    const lock = JSON.parse(readText(ROOT, 'package-lock.json')) as Lock;
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
    expect(lockTrouble(lock)).toEqual([]);
    const hash = { integrity: 'sha512-x' };
    const trouble = (name: string, locked: Lock['packages'][string]) =>
      lockTrouble({ packages: { [`node_modules/${name}`]: locked } });
    expect(trouble('zod', {})).toHaveLength(1);
    expect(trouble('zod', { optional: true, os: ['linux'] })).toHaveLength(1);
    expect(trouble('a-darwin', { dev: true, optional: true, os: ['darwin'] })).toEqual([]);
    expect(trouble('zod', { ...hash, resolved: 'https://packages.example/zod.tgz' })).toHaveLength(1);
    expect(trouble('zod', { ...hash, hasInstallScript: true })).toHaveLength(1);
    expect(trouble('a/node_modules/left-pad', hash)).toHaveLength(1);
    expect(trouble('left-pad', { ...hash, dev: true })).toEqual([]);
  });

  it('keeps no name on its lists that is installed no longer', () => {
    const { packages } = JSON.parse(readText(ROOT, 'package-lock.json')) as Lock;
    const names = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
    expect([...RUNTIME, ...DEVELOPMENT, ...RUNTIME_TRANSITIVE].filter((name) => !names.has(name))).toEqual(
      [],
    );
  });
});
