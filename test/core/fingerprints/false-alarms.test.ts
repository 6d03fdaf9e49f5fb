// Harmless bodies against a vault of ten thousand values: none is taken for one that carries a value, and all bytes go on.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LETTERS, lookThrough, numbersFrom, randomText, tableOf } from './fingerprint-world.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BODIES = 2000;
const MAX_FILE_BYTES = 128 * 1024;

/** API keys, tokens, passwords of all strengths, a key pair, hashes, identifiers. */
function tenThousandValues(): string[] {
  const next = numbersFrom(21);
  const hash = (index: number, kind: string) => createHash(kind).update(String(index)).digest('hex');
  const kinds: readonly ((index: number) => string)[] = [
    () => `sk-proj-${randomText(next, 48)}`,
    () => `ghp_${randomText(next, 36)}`,
    (index) => hash(index, 'md5'),
    (index) => hash(index, 'sha256'),
    () => randomText(next, 8),
    () => `${randomText(next, 8, LETTERS.slice(26, 52))}${next() % 100}`,
    () => `AC${randomText(next, 32, '0123456789abcdef')}:${randomText(next, 32, '0123456789abcdef')}`,
    () => Buffer.from(randomText(next, 30)).toString('base64'),
    () => JSON.stringify({ access_key_id: 'AKIA', secret_access_key: randomText(next, 40) }),
    () => `eyJhbGciOiJIUzI1NiJ9.${randomText(next, 60)}.${randomText(next, 43)}`,
  ];
  const weak = ['admin', 'password', 'localhost', 'application/json', '----------------', 'true', 'hunter2!'];
  return [...weak, ...Array.from({ length: 10_000 }, (_, at) => kinds[at % kinds.length]?.(at) ?? '')];
}

function* filesBelow(directory: string): Generator<string> {
  const entries = readdirSync(directory, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() && statSync(path).size <= MAX_FILE_BYTES) yield path;
  }
}

/** Half of them files as they lie about, half made up of what looks most like keys. */
function* harmlessBodies(): Generator<Buffer> {
  let files = 0;
  for (const path of filesBelow(join(ROOT, 'node_modules'))) {
    if (files++ % 7 !== 0) continue;
    if (files > (BODIES / 2) * 7) break;
    yield readFileSync(path);
  }
  const next = numbersFrom(22);
  const hash = () => createHash('sha256').update(String(next())).digest();
  for (let index = 0; index < BODIES / 2; index += 1) {
    const items = Array.from({ length: 50 }, () => ({
      id: hash().toString('hex').slice(0, 32),
      etag: hash().toString('base64'),
      token: `eyJhbGciOiJIUzI1NiJ9.${hash().toString('base64url')}.${hash().toString('base64url')}`,
      key: `sk-proj-${hash().toString('base64url')}${hash().toString('base64url')}`,
      role: 'admin',
      path: encodeURIComponent(`a/b c?${hash().toString('base64')}`),
      text: 'He said "hello\\n" — naïve 日本語 🙂 password=********',
    }));
    yield Buffer.from(JSON.stringify(items));
  }
}

it('lets two thousand harmless bodies pass a vault of ten thousand values', () => {
  const parts = { table: tableOf(tenThousandValues()), needles: [] };
  let bodies = 0;
  let bytes = 0;
  for (const body of harmlessBodies()) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < body.length; at += 4099) pieces.push(body.subarray(at, at + 4099));
    const { hit, sent } = lookThrough(parts, pieces);
    expect(hit).toBeUndefined();
    expect(sent.equals(body)).toBe(true);
    bodies += 1;
    bytes += body.length;
  }
  expect(bodies).toBe(BODIES);
  expect(bytes).toBeGreaterThan(10_000_000);
}, 120_000);
