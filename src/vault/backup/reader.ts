// Reading a backup from its decrypted bytes: one pass, little memory, and nothing is believed before the manifest at the
// end has confirmed it. Whoever acts on the rows must be able to take it back until `manifest` is there.
import { canonicalJson } from '../../core/canonical-json.ts';
import { type CopiedTable, LineDigest } from '../../store/table-copy.ts';
import { BACKUP_TABLES } from '../../store/table-copy-audit.ts';
import { BackupFailure, damaged } from './failure.ts';
import { FORMAT, Header, Manifest, parseControlLine } from './format.ts';
import { linesOf } from './lines.ts';

export interface BackupRows {
  readonly table: CopiedTable;
  /** Columns that the lines have; an earlier version knew fewer. */
  readonly columns: CopiedTable['columns'];
  readonly lines: readonly string[];
}

/** Rows go on in pieces of this many, so that what is made of them stays small. */
const MAX_ROWS = 500;
const STORE_KEY = /^[0-9a-f]{64}$/;

export class BackupReader {
  readonly header: Header;
  /** Taken by whoever uses it, and theirs to overwrite. */
  storeKey: Buffer | undefined;
  #manifest: Manifest | undefined;
  readonly #pages: AsyncIterator<readonly string[]>;
  #lines: readonly string[];

  private constructor(header: Header, pages: AsyncIterator<readonly string[]>, lines: readonly string[]) {
    this.header = header;
    this.#pages = pages;
    this.#lines = lines;
  }

  /** Reads up to the first table. Throws BackupFailure. */
  static async open(plain: AsyncIterable<Uint8Array>): Promise<BackupReader> {
    const pages = linesOf(plain)[Symbol.asyncIterator]();
    const [first, ...rest] = await nextPage(pages);
    const reader = new BackupReader(parseHeader(first ?? ''), pages, rest);
    if (reader.header.keys) reader.storeKey = await reader.#readStoreKey();
    return reader;
  }

  /** There once `rows` has come to its end, and only then. */
  get manifest(): Manifest {
    if (this.#manifest === undefined) throw damaged('it ends before its manifest');
    return this.#manifest;
  }

  /** The rows of every table, in the header's order. Throws where the manifest says otherwise. */
  async *rows(): AsyncGenerator<BackupRows> {
    const tables = this.header.tables.map(({ name, columns }) => known(name, columns));
    const written: Manifest['tables'] = [];
    for (const [at, { table, columns }] of tables.entries()) {
      await this.#requireTable(table.name);
      const digest = new LineDigest();
      for await (const lines of this.#rowLines()) {
        digest.add(lines);
        yield { table, columns, lines };
      }
      const named = this.header.tables[at];
      if (named !== undefined) written.push({ ...named, ...digest.end() });
    }
    const manifest = await this.#readManifest();
    const expected: Manifest = { ...this.header, tables: written };
    if (canonicalJson(manifest) !== canonicalJson(expected)) {
      throw damaged(`its manifest does not match: ${differenceOf(manifest, expected)}`);
    }
    this.#manifest = manifest;
  }

  /** The lines up to the next that is no row. */
  async *#rowLines(): AsyncGenerator<readonly string[]> {
    while (await this.#hasLine()) {
      const end = this.#lines.findIndex((line) => !line.startsWith('{'));
      const count = Math.min(end === -1 ? this.#lines.length : end, MAX_ROWS);
      if (count === 0) return;
      yield this.#lines.slice(0, count);
      this.#lines = this.#lines.slice(count);
    }
  }

  async #readStoreKey(): Promise<Buffer> {
    const content = await this.#readControl('store-key');
    if (typeof content !== 'string' || !STORE_KEY.test(content)) throw damaged('its key is not a key');
    return Buffer.from(content, 'hex');
  }

  async #requireTable(name: string): Promise<void> {
    if ((await this.#readControl('table')) !== name)
      throw damaged(`the table ${name} is not where it belongs`);
  }

  async #readManifest(): Promise<Manifest> {
    const parsed = Manifest.safeParse(await this.#readControl('manifest'));
    if (!parsed.success) throw damaged('its manifest is not one');
    if (await this.#hasLine()) throw damaged('it goes on after its manifest');
    return parsed.data;
  }

  async #readControl(kind: string): Promise<unknown> {
    if (!(await this.#hasLine())) throw damaged('it ends too early');
    const [line = '', ...rest] = this.#lines;
    const control = parseControlLine(line);
    if (control?.kind !== kind) throw damaged(`where its ${kind} should be, there is something else`);
    this.#lines = rest;
    return control.content;
  }

  async #hasLine(): Promise<boolean> {
    while (this.#lines.length === 0) {
      const { done, value } = await this.#pages.next();
      if (done === true) return false;
      this.#lines = value;
    }
    return true;
  }
}

async function nextPage(pages: AsyncIterator<readonly string[]>): Promise<readonly string[]> {
  const { done, value } = await pages.next();
  return done === true ? [] : value;
}

function parseHeader(line: string): Header {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BackupFailure('unusable', 'What is in this file is no backup of Doorward.');
  }
  const parsed = Header.safeParse(value);
  if (parsed.success) return parsed.data;
  const { doorward, format } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >; // read to tell why the schema refused it
  throw new BackupFailure(
    'unusable',
    doorward === 'backup' && typeof format === 'number' && format > FORMAT
      ? 'This backup was made by a later version of Doorward. Use that version or a later one.'
      : 'What is in this file is no backup of Doorward.',
  );
}

function known(name: string, names: readonly string[]): Omit<BackupRows, 'lines'> {
  const table = BACKUP_TABLES.find((candidate) => candidate.name === name);
  const columns = table?.columns.filter((column) => names.includes(column.name));
  if (table === undefined || columns?.length !== names.length) {
    throw new BackupFailure(
      'unusable',
      `This backup has a table or column (${name}) that this version of Doorward does not know. Use a later version.`,
    );
  }
  return { table, columns };
}

function differenceOf(manifest: Manifest, found: Manifest): string {
  for (const [at, { name, rows, sha256 }] of found.tables.entries()) {
    const told = manifest.tables[at];
    if (told?.rows !== rows) return `${name} has ${rows} rows instead of ${told?.rows ?? 0}`;
    if (told.sha256 !== sha256) return `the rows of ${name} have another digest`;
  }
  return 'it is of another backup';
}
