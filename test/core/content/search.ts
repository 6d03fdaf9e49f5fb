// Looks for content in whole texts and in pieces, as the tests of it need.
import type { ContentAction, ContentClass } from '../../../src/core/content/classes.ts';
import { ContentScan } from '../../../src/core/content/content-scan.ts';
import { buildContentTable, type ContentRules } from '../../../src/core/content/content-table.ts';
import { writingOf } from '../../../src/core/content/escapes.ts';
import { loadPhones } from '../../../src/core/content/phone.ts';
import { shapeTable } from '../../../src/core/credential-shapes/shape-table.ts';

const shapes = shapeTable([]);
const sources = { isPhone: await loadPhones(), shapes: () => shapes };

export function rulesOf(
  classes: readonly ContentClass[],
  action: ContentAction = 'mask',
  patterns: Readonly<Record<string, string>> = {},
): ContentRules {
  return {
    classes: new Map(classes.map((name) => [name, action])),
    patterns: Object.entries(patterns).map(([name, pattern]) => ({ name, pattern, action })),
  };
}

export interface Scanned {
  readonly text: string;
  readonly bytes: Buffer;
  readonly rules: readonly string[];
}

/** What a scan lets through of the chunks, and which rules matched, in order. */
export function scan(rules: ContentRules, chunks: readonly (string | Buffer)[], contentType = ''): Scanned {
  return scanWith(tableOf(rules), chunks, contentType);
}

export function tableOf(rules: ContentRules) {
  const table = buildContentTable(rules, sources);
  if (table === undefined) throw new Error('nothing is looked for');
  return table;
}

export function scanWith(
  table: ReturnType<typeof tableOf>,
  chunks: readonly (string | Buffer)[],
  contentType = '',
): Scanned {
  const found: string[] = [];
  const content = new ContentScan(table, writingOf(contentType), (rule) => found.push(rule));
  const passed = chunks.map((chunk) => Buffer.from(content.push(Buffer.from(chunk))));
  const bytes = Buffer.concat([...passed, content.end()]);
  return { text: bytes.toString(), bytes, rules: found };
}
