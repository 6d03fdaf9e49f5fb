// The heads of every chain this data directory has seen, in a signed file outside the database: rows cut from the end
// of a chain, or a whole chain, leave no gap in the database, but they are missed here.
import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson, parseCanonicalJson } from '../../core/canonical-json.ts';
import { idSchema } from '../../core/ids.ts';
import type { Id } from '../../core/ids.ts';
import { Problem } from '../../core/problem.ts';
import type { Database } from '../../store/database.ts';
import type { HeadFile } from '../../store/head-file.ts';
import type { Head, Lane } from './chain.ts';

const ChainRecord = z.strictObject({
  lane: z.enum(['call', 'admin']),
  seq: z.number().int().min(1),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ChainRecord = Readonly<z.output<typeof ChainRecord>>;

const HeadRecord = z.strictObject({
  v: z.literal(1),
  installation: idSchema('ins'),
  /** Who wrote the file, and the chains it was writing. */
  replica: idSchema('rep'),
  lanes: z.strictObject({
    call: idSchema('chn'),
    /** Where two batches of calls may be on their way. */
    secondCall: idSchema('chn').optional(),
    admin: idSchema('chn'),
  }),
  /** Newest event of each chain ever seen: own, earlier own, other replicas'. */
  chains: z.record(idSchema('chn'), ChainRecord),
});
export type HeadRecord = z.output<typeof HeadRecord>;

const SignedHeadRecord = HeadRecord.extend({ signature: z.string() });
const SIGNING_PREFIX = 'doorward audit heads v1\0';

/** The file's content, or undefined where there is none. Throws where it is not this installation's own. */
export async function readHeadFile(
  file: HeadFile,
  key: KeyObject,
  installation?: Id<'ins'>,
): Promise<HeadRecord | undefined> {
  const text = await file.read();
  if (text === undefined) return undefined;
  const parsed = SignedHeadRecord.safeParse(parseOrUndefined(text));
  if (!parsed.success) throw new Error('the head file does not parse');
  const { signature, ...record } = parsed.data;
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  if (!verify(null, signedBytes(record), publicKey, Buffer.from(signature, 'base64url'))) {
    throw new Error('the head file carries another signature');
  }
  if (installation !== undefined && record.installation !== installation) {
    throw new Error('the head file is of another installation');
  }
  return record;
}

function parseOrUndefined(text: string): unknown {
  try {
    return parseCanonicalJson(text);
  } catch {
    return undefined;
  }
}

function signedBytes(record: HeadRecord): Buffer {
  return Buffer.from(SIGNING_PREFIX + canonicalJson(record));
}

/** How far the file may be behind the call lane; half of the promised second, the other half is for writing it. */
const COALESCE_MS = 500;

export interface HeadKeeperDeps {
  readonly file: HeadFile;
  readonly key: KeyObject;
  readonly database: Database;
  readonly onFailure: (error: unknown) => void;
}

/** Keeps the file: never ahead of what survives a power cut, never more than a second behind. */
export class HeadKeeper {
  readonly #deps: HeadKeeperDeps;
  readonly #identity: Pick<HeadRecord, 'installation' | 'replica' | 'lanes'>;
  readonly #chains: Map<Id<'chn'>, ChainRecord>;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #nextIsComplete = false;

  constructor(
    deps: HeadKeeperDeps,
    identity: Pick<HeadRecord, 'installation' | 'replica' | 'lanes'>,
    known: HeadRecord['chains'],
  ) {
    this.#deps = deps;
    this.#identity = identity;
    this.#chains = new Map(Object.entries(known) as [Id<'chn'>, ChainRecord][]); // a record's keys are plain strings
  }

  find(chain: Id<'chn'>): ChainRecord | undefined {
    return this.#chains.get(chain);
  }

  set(chain: Id<'chn'>, lane: Lane, head: Head): void {
    this.#chains.set(chain, { lane, seq: head.seq, mac: head.mac });
  }

  /** The file will hold what was set within a second. */
  writeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.write({ complete: false }).catch(() => {
        // Told to onFailure, and the next append is refused until the file can be written.
      });
    }, COALESCE_MS).unref();
  }

  /**
   * Makes the rows durable, then writes the file; writes asked for meanwhile share the next one. `complete` is for
   * administrative changes (database.ts says what both cost).
   */
  write({ complete }: { readonly complete: boolean }): Promise<void> {
    this.#nextIsComplete ||= complete;
    this.#next ??= this.#running.then(() => this.#start());
    return this.#next;
  }

  #start(): Promise<void> {
    const complete = this.#nextIsComplete;
    this.#nextIsComplete = false;
    this.#next = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const written = this.#write(complete);
    this.#running = written.catch(() => undefined); // whoever waits for this write gets the failure
    return written;
  }

  async #write(complete: boolean): Promise<void> {
    const { database, file, key } = this.#deps;
    const record: HeadRecord = { v: 1, ...this.#identity, chains: Object.fromEntries(this.#chains) };
    try {
      await (complete ? database.makeDurable() : database.makeRecentDurable());
      const signature = sign(null, signedBytes(record), key).toString('base64url');
      await file.replace(canonicalJson({ ...record, signature }));
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      this.#deps.onFailure(error);
      throw error;
    }
  }

  get isWritten(): boolean {
    return this.#failure === undefined;
  }

  /** Throws where the last write failed and still fails: what is not kept outside can be cut unseen. */
  async requireWritten(): Promise<void> {
    if (this.isWritten) return;
    try {
      await this.write({ complete: false });
    } catch (error) {
      throw new Problem('audit-unavailable', {
        internal: `the head file ${this.#deps.file.path} can not be written`,
        cause: error,
      });
    }
  }
}
