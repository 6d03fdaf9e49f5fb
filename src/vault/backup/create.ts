// Writing a backup of a running installation. Everything but the audit log is read in one short snapshot together with the
// ends of the audit chains; the log itself is read after it, up to those ends, while calls and changes go on: see
// store/table-copy-audit.ts for why that is the same snapshot.
import { ReadableStream, TransformStream } from 'node:stream/web';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { IdSource } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import type { AgeRecipients } from '../../crypto/age.ts';
import type { Database } from '../../store/database.ts';
import {
  type CopiedTable,
  type CopySource,
  inSnapshot,
  LineDigest,
  readLines,
  readSchemaBirth,
} from '../../store/table-copy.ts';
import {
  BACKUP_TABLES,
  type ChainSpan,
  readAuditLines,
  readChainSpans,
} from '../../store/table-copy-audit.ts';
import type { Keyring } from '../keyring.ts';
import { withinMs } from '../time-limit.ts';
import { controlLine, FORMAT, type Header, type Manifest, tableHeader } from './format.ts';

export interface BackupDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: IdSource['clock'];
  /** Doorward's. */
  readonly version: string;
}

export interface BackupRequest {
  readonly to: AgeRecipients;
  /** Without them the original root key is needed, too. */
  readonly withKeys: boolean;
  /** Everything is written but the end, without which it is no backup. */
  readonly onWritten: (manifest: Manifest) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

export interface OpenedBackup {
  /** Begins to read and to write. The body fails where the backup could not be finished. */
  start(): { readonly body: ReadableStream<Uint8Array>; readonly estimatedBytes: number };
}

/** What may lie ahead of the reader; nearly always the whole of the snapshot, so that nobody waits for the reader. */
const BUFFER_BYTES = 8 * 1024 * 1024;
/** A reader that is waited for so long while the snapshot is open loses the backup: embedded, calls wait for it too. */
const STALL_LIMIT_MS = 10_000;
/** A line of the log, about. */
const EVENT_BYTES = 1100;
const REST_BYTES = 32 * 1024;

/** Throws `invalid-input` for a recipient that is none. */
export async function openBackup(deps: BackupDeps, request: BackupRequest): Promise<OpenedBackup> {
  const { encryptAge, hasBadRecipient } = await import('../../crypto/age.ts');
  const { to } = request;
  if ('recipients' in to && hasBadRecipient(to.recipients)) {
    throw new Problem('invalid-input', {
      detail: 'recipients: one of them is no age recipient. They begin with age1; age-keygen prints one.',
    });
  }
  const spans = await readChainSpans(deps.database.adminSql);
  const events = spans.reduce((sum, { seq }) => sum + Number(seq), 0);
  const sizes = new ByteLengthStrategy();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({}, sizes);
  const writer = writable.getWriter();
  const sink: Sink = async (chunk) => {
    writer.write(chunk).catch(() => undefined); // `ready` tells of it
    await writer.ready;
  };
  const body = await encryptAge(readable, to);
  const start = () => {
    void writeBackup(deps, request, sink)
      .then(() => writer.close())
      .catch((error: unknown) => {
        request.onFailure(error);
        return writer.abort(error);
      })
      .catch(() => undefined); // it had failed already
    return { body, estimatedBytes: REST_BYTES + events * EVENT_BYTES };
  };
  return { start };
}

class ByteLengthStrategy {
  readonly highWaterMark = BUFFER_BYTES;
  size(chunk: Uint8Array): number {
    return chunk.length;
  }
}

/** Resolves when more may be written. */
type Sink = (chunk: Uint8Array) => Promise<void>;

async function writeBackup(deps: BackupDeps, request: BackupRequest, sink: Sink): Promise<void> {
  const { database, clock } = deps;
  const audit = BACKUP_TABLES.at(-1);
  if (audit === undefined) throw new Error('there are no tables');
  const patient = waitingAtMost(STALL_LIMIT_MS, sink, () => clock.monotonicMs());
  const { header, spans, tables } = await inSnapshot(database.adminSql, (source) =>
    writeSnapshot(deps, { source, sink: patient, withKeys: request.withKeys }),
  );
  const log = await writeTable(audit, auditLines(database.adminSql, spans), sink);
  const manifest: Manifest = { ...header, tables: [...tables, log] };
  await request.onWritten(manifest);
  await sink(toBytes([controlLine('manifest', manifest)]));
}

interface Snapshot {
  readonly source: CopySource;
  readonly sink: Sink;
  readonly withKeys: boolean;
}

/** Everything but the audit log, of which it only takes the ends. */
async function writeSnapshot({ keyring, clock, version }: BackupDeps, { source, sink, withKeys }: Snapshot) {
  const header: Header = {
    doorward: 'backup',
    format: FORMAT,
    version,
    installation: keyring.installation,
    createdAt: clock.now().toISOString(),
    schema: await readSchemaBirth(source),
    keys: withKeys,
    tables: BACKUP_TABLES.map(tableHeader),
  };
  const spans = await readChainSpans(source);
  await sink(toBytes([canonicalJson(header)]));
  if (withKeys) await sink(toBytes([storeKeyLine(keyring)]));
  const tables: Manifest['tables'] = [];
  for (const table of BACKUP_TABLES.slice(0, -1)) {
    tables.push(await writeTable(table, readLines(source, table), sink));
  }
  return { header, spans, tables };
}

/** Fails once all waits for the reader together have come to `limitMs`. */
function waitingAtMost(limitMs: number, sink: Sink, nowMs: () => number): Sink {
  let leftMs = limitMs;
  return async (chunk) => {
    const fromMs = nowMs();
    await withinMs(leftMs, 'the reader of the backup', sink(chunk));
    leftMs = Math.max(0, leftMs - (nowMs() - fromMs));
  };
}

async function* auditLines(source: CopySource, spans: readonly ChainSpan[]) {
  for (const span of spans) yield* readAuditLines(source, span);
}

async function writeTable(
  table: CopiedTable,
  pages: AsyncIterable<readonly string[]>,
  sink: Sink,
): Promise<Manifest['tables'][number]> {
  const digest = new LineDigest();
  await sink(toBytes([controlLine('table', table.name)]));
  for await (const lines of pages) {
    digest.add(lines);
    await sink(toBytes(lines));
  }
  return { ...tableHeader(table), ...digest.end() };
}

/** Text, for once: it is on its way into a stream that copies it anyway, and from there into nothing but the cipher. */
function storeKeyLine(keyring: Keyring): string {
  return controlLine(
    'store-key',
    keyring.useStoreKey((key) => key.toString('hex')),
  );
}

function toBytes(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}
