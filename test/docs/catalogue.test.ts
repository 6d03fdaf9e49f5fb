// docs/catalogue.md says what is in the catalogue: a row for every service, in the order of their ids, and the counts.
import { expect, test } from 'vitest';
import { readCatalogue } from '../../src/catalogue/catalogue.ts';
import { CatalogueEntry } from '../../src/catalogue/entry.ts';
import { printAuth } from '../../src/core/auth-text.ts';
import { readPage } from './fences.ts';

const page = readPage('docs/catalogue.md');
const entries = readCatalogue();

test('the table has a row for every service, and says what its file says', () => {
  const rows = page.split('\n').filter((line) => /^\| `[a-z0-9-]+` \| \[/.test(line));
  expect(rows).toEqual(entries.map(rowOf));
});

test('the counts are those of the files', () => {
  const count = (is: (entry: CatalogueEntry) => boolean) => String(entries.filter(is).length);
  expect(page).toContain(
    `${String(entries.length)} services: ${count(({ verified }) => verified)} verified, ` +
      `${count(({ actions }) => Object.keys(actions).length > 0)} with actions, ` +
      `${count(({ deny }) => deny.length > 0)} with denied calls, ` +
      `${count(({ unsupported }) => unsupported !== undefined)} not supported yet.`,
  );
});

test('every member of an entry is explained', () => {
  const explained = new Set(
    page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name)),
  );
  const obvious = ['id', 'name', 'category', 'docsUrl'];
  const members = Object.keys(CatalogueEntry.shape).filter((name) => !obvious.includes(name));
  expect(members.filter((name) => !explained.has(name))).toEqual([]);
});

function rowOf({
  id,
  name,
  docsUrl,
  auth,
  credential,
  env,
  verified,
  unsupported,
  actions,
}: CatalogueEntry): string {
  const placement = credential === 'static' ? printAuth(auth) : credential;
  const standing = unsupported === undefined ? (verified ? 'yes' : 'no') : 'not supported yet';
  const code = (texts: readonly string[]) => texts.map((text) => `\`${text}\``).join(' ') || '-';
  const cells = [`\`${id}\``, `[${name}](${docsUrl})`, `\`${placement}\``, code(env), standing];
  return `| ${[...cells, Object.keys(actions).join(', ') || '-'].join(' | ')} |`;
}
