// The pages of docs/ say what the code says: variables, problems, commands, exit codes, folders, and files they point to.
import { Command } from 'commander';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT_CODE_MEANINGS } from '../../src/cli/exit-codes.ts';
import { COMMANDS } from '../../src/cli/registry.ts';
import { describeVariables } from '../../src/config.ts';
import { PROBLEMS } from '../../src/core/problem.ts';
import { MAY_IMPORT } from '../architecture/house.ts';
import { readPage, ROOT } from './fences.ts';

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(`${ROOT}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('docs/configuration.md', () => {
  const page = readPage('docs/configuration.md');

  it('lists every variable with its description, and no other', () => {
    expect(tableOf(page, 'variable').map(([name, description]) => [name, description])).toEqual(
      describeVariables().map(({ name, description }) => [`\`${name}\``, description]),
    );
  });
});

describe('docs/problems.md', () => {
  it('lists every problem as it is answered', () => {
    expect(tableOf(readPage('docs/problems.md'), 'code')).toEqual(
      Object.entries(PROBLEMS).map(([code, { status, title, fault, help }]) => [
        `\`${code}\``,
        String(status),
        title,
        fault,
        help,
      ]),
    );
  });
});

describe('docs/cli.md', () => {
  const page = readPage('docs/cli.md');

  it('lists every command and every verb, and no other', async () => {
    const listed = tableOf(page, 'command').map(([text = '']) => wordsOf(text));
    expect(listed.toSorted()).toEqual((await commandNames()).toSorted());
  });

  it('lists the exit codes with their meanings', () => {
    expect(tableOf(page, 'code')).toEqual(
      EXIT_CODE_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
    );
  });
});

describe('docs/architecture.md', () => {
  it('has a row for every room of the house', () => {
    const rooms = new Set(Object.keys(MAY_IMPORT).map((name) => name.replace(/^([^/.]+)(\/.*)?$/, '$1')));
    const listed = tableOf(readPage('docs/architecture.md'), 'folder').map(([name = '']) =>
      name.replaceAll(/[`/]/g, ''),
    );
    expect(listed.toSorted()).toEqual([...rooms].toSorted());
  });
});

describe.each(PAGES)('%s', (path) => {
  const page = readPage(path);

  it('links to files and headings that are there', () => {
    const links = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = links.filter((target) => !target.startsWith('https:') && !isThere(path, page, target));
    expect(broken).toEqual([]);
  });

  it('names files that are there', () => {
    const named = [...page.matchAll(/`((?:src|test|docs|bin|examples|migrations)\/[\w./-]*)`/g)];
    expect(named.map(([, file = '']) => file).filter((file) => !existsSync(`${ROOT}${file}`))).toEqual([]);
  });
});

/** Cells of the rows of the table whose first title is `title`. */
function tableOf(page: string, title: string): string[][] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${title} |`));
  const rows = start === -1 ? [] : lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end === -1 ? undefined : end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** `doorward secret add NAME` → `secret add`. */
function wordsOf(text: string): string {
  return text
    .replaceAll('`', '')
    .split(' ')
    .slice(1)
    .filter((word) => /^[a-z][a-z-]*$/.test(word))
    .join(' ');
}

async function commandNames(): Promise<string[]> {
  const names: string[] = [];
  for (const { name, load } of COMMANDS) {
    const program = new Command();
    const open = () => {
      throw new Error('no command is run here');
    };
    (await load()).register(program, open, COMMANDS);
    const verbs = program.commands[0]?.commands ?? [];
    names.push(...(verbs.length === 0 ? [name] : verbs.map((verb) => `${name} ${verb.name()}`)));
  }
  return names;
}

function isThere(path: string, page: string, target: string): boolean {
  const [file = '', heading] = target.split('#');
  if (file !== '') return existsSync(join(ROOT, dirname(path), file));
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  return headings.includes(heading ?? '');
}
