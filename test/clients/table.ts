// The tables of docs/clients.md that tests make from what happened. DOORWARD_WRITE_DOCS=1 writes them; else they must be there.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const PAGE = fileURLToPath(new URL('../../docs/clients.md', import.meta.url));

export function expectTable(name: string, rows: readonly (readonly string[])[]): void {
  const [begin, end] = [`<!-- ${name}: made by test/clients -->`, `<!-- end of ${name} -->`];
  const [head = [], ...rest] = rows;
  const lines = [head, head.map(() => '---'), ...rest].map((cells) => `| ${cells.join(' | ')} |`);
  const before = readFileSync(PAGE, 'utf8');
  const after = before.replace(new RegExp(`${begin}[^]*${end}`), () => [begin, ...lines, end].join('\n'));
  expect(after).toContain(lines.at(-1));
  if (process.env['DOORWARD_WRITE_DOCS'] === '1') writeFileSync(PAGE, after);
  else expect(before).toBe(after);
}
