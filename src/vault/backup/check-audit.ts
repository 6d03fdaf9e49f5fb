// The audit log of a backup, chain by chain: the same walk as `audit verify` makes through a database.
import type { StoredEvent } from '../../store/audit-reading.ts';
import { parseObject, rowOfLine } from '../../store/copied-row.ts';
import { auditEvent } from '../../store/audit-tables.ts';
import type { Lane } from '../audit/chain.ts';
import { ChainWalk, type NamedHead } from '../audit/chain-walk.ts';

/** A chain's newest event. */
export interface ChainEnd {
  readonly lane: Lane;
  readonly seq: number;
  readonly mac: string;
}

export class AuditCheck {
  readonly ends = new Map<string, ChainEnd>();
  readonly #macKey: Buffer;
  readonly #report: (sentence: string) => void;
  /** What younger chains say of older ones. */
  readonly #predecessors: NamedHead[] = [];
  #chain: string | undefined;
  #walk: ChainWalk | undefined;

  constructor(macKey: Buffer, report: (sentence: string) => void) {
    this.#macKey = macKey;
    this.#report = report;
  }

  async add(line: string): Promise<void> {
    const event = toStoredEvent(line);
    if (event.chain !== this.#chain) {
      this.#endChain();
      this.#chain = event.chain;
      this.#walk = new ChainWalk({
        macKey: this.#macKey,
        chain: event.chain,
        named: undefined,
        bodiesSince: undefined,
        hasBodySomewhere: () => Promise.resolve(false), // a backup has bodies beside their events only
        report: ({ chain, seq, detail }) => this.#report(`audit event ${seq} of ${chain}: ${detail}`),
      });
    }
    await this.#walk?.step(event);
    const lane = this.ends.get(event.chain)?.lane ?? laneOf(event);
    this.ends.set(event.chain, { lane, seq: event.seq, mac: event.mac.toString('hex') });
  }

  end(): void {
    this.#endChain();
    for (const { chain, seq, mac } of this.#predecessors) {
      const end = this.ends.get(chain);
      if (end === undefined) this.#report(`the audit chain ${chain} is missing, which a later one names`);
      else if (end.seq < seq)
        this.#report(`the audit chain ${chain} ends before event ${seq}, which a later one names`);
      else if (end.seq === seq && end.mac !== mac)
        this.#report(`audit event ${seq} of ${chain}: a later chain names it with another MAC`);
    }
  }

  #endChain(): void {
    this.#walk?.end();
    if (this.#walk?.predecessor !== undefined) this.#predecessors.push(this.#walk.predecessor);
  }
}

function laneOf({ body }: StoredEvent): Lane {
  return body?.json.includes('"lane":"admin"') === true ? 'admin' : 'call';
}

function toStoredEvent(line: string): StoredEvent & { readonly chain: string } {
  const row = rowOfLine(auditEvent, line);
  const { body } = parseObject(line);
  return {
    id: row.id,
    vault: row.vaultId,
    chain: row.chainId,
    seq: Number(row.chainSeq),
    prevMac: row.prevMac,
    mac: row.mac,
    kind: row.kind,
    intent: row.intentId,
    at: row.at.toISOString(),
    bodyHash: row.bodyHash,
    leafHash: row.leafHash,
    body: toBody(body),
  };
}

function toBody(value: unknown): StoredEvent['body'] {
  if (value === null || value === undefined) return undefined;
  const { salt, json } = value as Record<string, unknown>; // looked at below
  if (typeof salt !== 'string' || typeof json !== 'string') throw new TypeError('body is not of its type');
  return { salt: Buffer.from(salt, 'base64'), json };
}
