// The leak guard against its two mistakes: harmless answers that it would change, and echoes of which too much leaves. Both
// numbers are printed.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { createLeakScan, type ScanTable } from '../../src/core/leak-scan/scanner.ts';
import type { Auth } from '../../src/core/service.ts';
import { SecretBytes } from '../../src/crypto/secret-bytes.ts';
import { buildScan } from '../../src/vault/credential-scan.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const HARMLESS = { files: 1_100, made: 1_100 };
const CHUNKINGS = 20_000;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The same numbers in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}

function bytesFrom(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, at) =>
    createHash('sha512').update(`${seed} ${at}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

function text(seed: string, length: number): string {
  return Array.from(bytesFrom(seed, length), (byte) => LETTERS[byte % LETTERS.length]).join('');
}

const ids = {
  clock: { now: () => new Date(0), monotonicMs: () => 0 },
  randomness: { bytes: (n: number) => bytesFrom(`id ${(idCount += 1)}`, n) },
};
let idCount = 0;

function tableOf(auth: Auth, values: readonly string[]): ScanTable {
  const versions = new Map<string, SecretBytes>();
  const records = values.map((value) => {
    const id = newId(ids, 'ver');
    versions.set(id, SecretBytes.take(Buffer.from(value)));
    return { id };
  });
  return buildScan({
    kind: 'static',
    auth,
    records,
    values: versions,
    minted: undefined,
    replaced: [],
    others: [],
  });
}

const googleKeyFile = JSON.stringify(
  {
    type: 'service_account',
    project_id: 'example-project',
    private_key_id: bytesFrom('key id', 20).toString('hex'),
    private_key: `-----BEGIN PRIVATE KEY-----\n${bytesFrom('rsa', 1200).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
    client_email: 'robot@example-project.iam.gserviceaccount.com',
    client_id: '104857600000000000000',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
    auth_provider_x509_cert_url: 'https://www.googleapis.com/oauth2/v1/certs',
    client_x509_cert_url:
      'https://www.googleapis.com/robot/v1/metadata/x509/robot%40example-project.iam.gserviceaccount.com',
    universe_domain: 'googleapis.com',
  },
  null,
  2,
);
const awsPair = JSON.stringify({ access_key_id: 'AKIA7Q2MZ5XK4WPL3RVT', secret_access_key: text('aws', 40) });
const prefixes = ['sk-proj-', 'ghp_', 'xoxb-', 'sk_live_', 'glpat-', 'AIza', 'key-', 'SG.', 're_', ''];
const apiKeys = Array.from(
  { length: 50 },
  (_, at) => `${prefixes[at % prefixes.length]}${text(`api ${at}`, 36)}`,
);
const PASSWORD = 'k7Rq9ZtW';

const tables: readonly ScanTable[] = [
  tableOf({ kind: 'bearer' }, [...apiKeys, googleKeyFile, awsPair, PASSWORD]),
  tableOf({ kind: 'basic' }, [`operator:${PASSWORD}`]),
];
afterAll(() => {
  for (const table of tables) table.dispose();
});

function filesBelow(directory: string, most: number): string[] {
  const found: string[] = [];
  const waiting = [directory];
  for (let next = waiting.shift(); next !== undefined && found.length < most; next = waiting.shift()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.')) waiting.push(path);
      else if (entry.isFile()) found.push(path);
    }
  }
  return found;
}

/** Real files of many kinds: as many of each as there are, so that no kind crowds out the others. */
function realFiles(): string[] {
  const places = ['docs', 'catalogue', 'migrations', 'bench', 'src', 'node_modules'];
  const files = places.flatMap((place) => filesBelow(join(ROOT, place), 60_000));
  const kinds = new Map<string, string[]>();
  for (const file of files.toSorted()) {
    const isDocument = /licen[cs]e|change(?:s|log)|readme|history/i.test(file);
    const kind = isDocument ? 'document' : /locale|i18n/.test(file) ? 'language' : extname(file);
    kinds.set(kind, [...(kinds.get(kind)?.length === 400 ? [] : (kinds.get(kind) ?? [])), file].slice(-400));
  }
  const chosen: string[] = [];
  for (let turn = 0; turn < 400 && chosen.length < HARMLESS.files; turn++) {
    for (const list of kinds.values()) {
      const file = list[turn];
      if (file !== undefined && statSync(file).size > 0 && statSync(file).size < 100_000) chosen.push(file);
    }
  }
  return chosen;
}

const MAKERS: readonly ((seed: string) => Buffer)[] = [
  (seed) => {
    const items = Array.from({ length: 20 }, (_, at) => {
      const bytes = bytesFrom(`${seed} ${at}`, 96);
      const hex = bytes.toString('hex');
      return {
        id: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
        sha1: hex.slice(0, 40),
        sha256: hex.slice(0, 64),
        sha512: hex.slice(0, 128),
        base64: bytes.toString('base64'),
        base64url: bytes.toString('base64url'),
        token: `eyJhbGciOiJSUzI1NiJ9.${bytes.subarray(0, 60).toString('base64url')}.${bytes.subarray(30).toString('base64url')}`,
        text: `admin "quoted" \\ path/to/${hex.slice(0, 6)}\n\ttabs & <tags> = 100% +1`,
      };
    });
    return Buffer.from(JSON.stringify({ items }, null, seed.length % 3));
  },
  (seed) => bytesFrom(seed, 8_000),
  (seed) => gzipSync(bytesFrom(seed, 5000)),
  (seed) => Buffer.from(bytesFrom(seed, 6000).toString('base64').replaceAll(/.{76}/g, '$&\r\n')),
  (seed) =>
    Buffer.from(
      Array.from(bytesFrom(seed, 3000), (byte) => `&#${byte};&#x${byte.toString(16)};&amp;`).join(''),
    ),
  (seed) =>
    Buffer.from(
      Array.from(
        bytesFrom(seed, 3000),
        (byte, at) => `=${byte.toString(16).padStart(2, '0').toUpperCase()}${at % 25 === 24 ? '=\r\n' : ''}`,
      ).join(''),
    ),
  (seed) => Buffer.from(text(seed, 6000).replaceAll(/.{9}/g, '$& '), 'utf16le'),
  (seed) => Buffer.from(text(seed, 6000), 'utf16le').swap16(),
  (seed) =>
    Buffer.from(
      Array.from(bytesFrom(seed, 4000), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    ),
  (seed) =>
    Buffer.from(
      Array.from(
        { length: 60 },
        (_, at) => `data: ${JSON.stringify({ delta: text(`${seed} ${at}`, 40) })}\n\n`,
      ).join(''),
    ),
  (seed) =>
    Buffer.from(
      new URLSearchParams(
        Array.from({ length: 60 }, (_, at): [string, string] => [
          text(`${seed}k${at}`, 8),
          bytesFrom(`${seed}${at}`, 30).toString('latin1'),
        ]),
      ).toString(),
    ),
];

test('at least two thousand harmless bodies pass with every byte, half of them real files', () => {
  const files = realFiles();
  const made = Array.from(
    { length: HARMLESS.made },
    (_, at) => MAKERS[at % MAKERS.length]?.(`made ${at}`) ?? Buffer.alloc(0),
  );
  const bodies = [
    ...files.map((file) => ({ name: file, body: readFileSync(file) })),
    ...made.map((body, at) => ({ name: `made ${at}`, body })),
  ];
  const next = numbersFrom(5);
  const changed: string[] = [];
  let bytes = 0;
  for (const { name, body } of bodies) {
    bytes += body.length;
    for (const table of tables) {
      const scan = createLeakScan(table, ({ view, offset }) => changed.push(`${name}: ${view} at ${offset}`));
      const out: Buffer[] = [];
      for (let at = 0; at < body.length; ) {
        const size = 1 + next(body.length < 4_000 && next(3) === 0 ? 200 : 65_536);
        out.push(Buffer.from(scan.push(body.subarray(at, at + size))));
        at += size;
      }
      out.push(scan.end());
      if (!Buffer.concat(out).equals(body)) changed.push(`${name}: other bytes`);
    }
  }
  const kinds = new Set(files.map((file) => extname(file))).size;
  process.stdout.write(
    `harmless bodies: ${bodies.length} (${files.length} files of ${kinds} kinds, ${Math.round(bytes / 1e6)} MB), redactions: ${changed.length}\n`,
  );
  expect(changed).toEqual([]);
  expect(bodies.length).toBeGreaterThanOrEqual(2_000);
  expect(files.length).toBeGreaterThanOrEqual(1_000);
}, 120_000);

/** An echo in pieces, one for each byte that counts: of the value, of its hex, of its base64. */
interface Echo {
  readonly before: string;
  readonly units: readonly string[];
  readonly after: string;
}
type Below = (below: number) => number;

const hex = (code: number, length: number) => code.toString(16).padStart(length, '0');
const each =
  (write: (letter: string, next: Below, at: number) => string) =>
  (value: string, next: Below): Echo => ({
    before: '',
    units: Array.from(value, (letter, at) => write(letter, next, at)),
    after: '',
  });

function base64At(alignment: number, encoding: 'base64' | 'base64url', lineEnd = '') {
  return (value: string, next: Below): Echo => {
    const all = Buffer.from(`${'xy'.slice(0, alignment)}${value}tail`).toString(encoding);
    const from = Math.ceil((8 * alignment) / 6);
    const to = Math.floor((8 * (alignment + value.length)) / 6);
    const width = 4 + next(60);
    const wrap = (letter: string, at: number) =>
      (lineEnd !== '' && at > 0 && at % width === 0 ? lineEnd : '') + letter;
    return { before: all.slice(0, from), units: Array.from(all.slice(from, to), wrap), after: all.slice(to) };
  };
}

const NAMES: Readonly<Record<string, string>> = { '+': '&plus;', '/': '&sol;', '=': '&equals;' };
const ENCODINGS: Readonly<Record<string, (value: string, next: Below) => Echo>> = {
  raw: each((letter) => letter),
  percent: each((letter) => `%${hex(letter.charCodeAt(0), 2)}`),
  'percent, in part': each((letter, next, at) =>
    at === 5 || next(2) === 0 ? `%${hex(letter.charCodeAt(0), 2).toUpperCase()}` : letter,
  ),
  json: each((letter) => `\\u${hex(letter.charCodeAt(0), 4)}`),
  'json, in part': each((letter, next, at) =>
    at === 5 || next(3) === 0 ? `\\u${hex(letter.charCodeAt(0), 4)}` : letter,
  ),
  'html, decimal': each((letter) => `&#${letter.charCodeAt(0)};`),
  'html, hexadecimal': each((letter) => `&#x${hex(letter.charCodeAt(0), 4)};`),
  'html, in part': each(
    (letter, next, at) =>
      NAMES[letter] ?? (at === 5 || next(3) === 0 ? `&#${letter.charCodeAt(0)};` : letter),
  ),
  'quoted-printable': each((letter) => `=${hex(letter.charCodeAt(0), 2).toUpperCase()}`),
  'quoted-printable, wrapped': (value, next) => {
    const last = value.length - 1;
    const write = (letter: string, at: number) =>
      (letter === '=' ? '=3D' : letter) + (at < last && (at === 5 || next(6) === 0) ? '=\r\n' : '');
    return { before: '', units: Array.from(value, write), after: '' };
  },
  'utf-16, little endian': (value) => ({
    before: '',
    units: Array.from(Array.from(value).join('\0')),
    after: '\0',
  }),
  'utf-16, big endian': (value) => ({
    before: '\0',
    units: Array.from(Array.from(value).join('\0')),
    after: '',
  }),
  hex: (value) => ({ before: '', units: Array.from(Buffer.from(value).toString('hex')), after: '' }),
  HEX: (value) => ({
    before: '',
    units: Array.from(Buffer.from(value).toString('hex').toUpperCase()),
    after: '',
  }),
  ...Object.fromEntries(
    [0, 1, 2].flatMap((alignment) => [
      [`base64 at ${alignment}`, base64At(alignment, 'base64')],
      [`base64url at ${alignment}`, base64At(alignment, 'base64url')],
      [`base64 at ${alignment} in lines`, base64At(alignment, 'base64', '\n')],
      [`base64 at ${alignment} in lines of MIME`, base64At(alignment, 'base64', '\r\n')],
      [`base64 at ${alignment} in lines within JSON`, base64At(alignment, 'base64', '\\n')],
    ]),
  ),
  'ten to thirty bytes of it': (value, next) => {
    const from = next(value.length - 10);
    const units = Array.from(value.slice(from, from + 10 + next(20)));
    return { before: ' ', units, after: ' ' };
  },
};

test('of an echo in any encoding, however it is cut, no more than the first three bytes leave', () => {
  const next = numbersFrom(77);
  const values = Array.from(
    { length: 12 },
    (_, at) => text(`planted ${at}`, 32 + at) + (at % 2 === 0 ? '+/=' : ''),
  );
  const planted = values.map((value) => ({ value, table: tableOf({ kind: 'bearer' }, [value]) }));
  const encodings = Object.entries(ENCODINGS);
  const fillers = ['', '{"a":"', 'text\n', ' = ', '&amp;', '%20', 'key: ', '\\"', 'data: ', '\0', 'é'];
  const leaks: string[] = [];
  for (let round = 0; round < CHUNKINGS; round++) {
    const { value, table } = planted[next(planted.length)] ?? { value: '', table: tables[0] as ScanTable };
    const [name, encode] = encodings[round % encodings.length] ?? ['', each((letter) => letter)];
    const echo = encode(value, next);
    const before = `${fillers[next(fillers.length)]}${echo.before}`;
    const data = Buffer.from(
      `${before}${echo.units.join('')}${echo.after}${fillers[next(fillers.length)]}.`,
      'latin1',
    );
    const scan = createLeakScan(table, () => undefined);
    const pieces: Buffer[] = [];
    const most = [3, 12, 60, 400][next(4)] ?? 3;
    for (let at = 0; at < data.length; ) {
      const size = 1 + next(most);
      pieces.push(Buffer.from(scan.push(data.subarray(at, at + size))));
      at += size;
    }
    pieces.push(scan.end());
    const output = Buffer.concat(pieces).toString('latin1');
    const from = before.length + echo.units.slice(0, 3).join('').length;
    const to = before.length + echo.units.join('').length;
    if (output.length !== data.length || !/^\*+$/.test(output.slice(from, to))) {
      leaks.push(`${name}, round ${round}: ${output.slice(before.length, to)}`);
    }
  }
  process.stdout.write(`chunkings: ${CHUNKINGS} of ${encodings.length} encodings, leaks: ${leaks.length}\n`);
  expect(leaks).toEqual([]);
  for (const { table } of planted) table.dispose();
}, 120_000);
