// Walks one chain from its first row to its last and says what is wrong with it, and where.
// A row whose MAC is right stands where it was written: the MAC covers its number, the MAC before it and its leaf.
// What to call a row whose MAC is wrong can only be told once it is known whether a right one follows.
import { constantTimeEqual } from '../../crypto/encoding.ts';
import { MacKey } from '../../crypto/mac-key.ts';
import type { StoredEvent } from '../../store/audit-reading.ts';
import { bodyHash, chainMac, genesisMac, leafHash } from './chain.ts';

export type Reason =
  | 'edited'
  | 'deleted'
  | 'reordered'
  | 'inserted'
  | 'cut'
  | 'missing-chain'
  | 'head-file-invalid'
  | 'intent-without-outcome';

/** `seq` is that of the event concerned; where several are missing, that of the first. */
export interface AuditProblem {
  readonly chain: string;
  readonly seq: number;
  readonly event?: string;
  readonly reason: Reason;
  readonly detail: string;
}

/** A head that a file outside the database, or another chain, names. */
export interface NamedHead {
  readonly chain: string;
  readonly seq: number;
  readonly mac: string;
}

interface WalkDeps {
  readonly macKey: Uint8Array;
  readonly chain: string;
  /** What the head file knows of this chain. */
  readonly named: NamedHead | undefined;
  /** Bodies of months before this one (`YYYY-MM`) may be gone: retention dropped them. */
  readonly bodiesSince: string | undefined;
  readonly hasBodySomewhere: (event: string) => Promise<boolean>;
  readonly report: (problem: AuditProblem) => void;
}

type Suspect = Pick<StoredEvent, 'id' | 'seq' | 'prevMac' | 'mac' | 'leafHash'> & {
  /** Another row has its number. */
  isDouble: boolean;
};

/** Beyond this many the rest are called edited at once. */
const MAX_SUSPECTS = 1000;
/** Up to here every suspect's number is tried on every other; beyond it only the neighbours' are. */
const MAX_SHUFFLED = 64;

export class ChainWalk {
  readonly #deps: WalkDeps;
  readonly #macKey: MacKey;
  readonly #suspects: Suspect[] = [];
  #gaps: { readonly from: number; readonly to: number }[] = [];
  #previous: { readonly seq: number; readonly mac: string };
  #lastSeq = 0;
  #lastRightSeq = 0;
  /** What the chain's opening event says of the chain before it. */
  predecessor: NamedHead | undefined;

  constructor(deps: WalkDeps) {
    this.#deps = deps;
    this.#macKey = new MacKey(deps.macKey);
    this.#previous = { seq: 0, mac: genesisMac(this.#macKey, deps.chain) };
  }

  async step(row: StoredEvent): Promise<void> {
    const { chain } = this.#deps;
    const { id, seq, prevMac, mac, leafHash: leaf } = row;
    const isDouble = seq <= this.#lastSeq; // or below 1
    const isGap = seq > this.#lastSeq + 1 && this.#gaps.length < MAX_SUSPECTS;
    if (isGap) this.#gaps.push({ from: this.#lastSeq + 1, to: seq - 1 });
    const isRight = seq > 0 && isHash(chainMac(this.#macKey, hex(prevMac), { chain, seq }, hex(leaf)), mac);
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    if (!isRight) {
      this.#suspect({ id, seq, prevMac, mac, leafHash: leaf, isDouble });
      return;
    }
    this.#reportGaps(seq);
    this.#markDoubles(seq);
    this.#lastRightSeq = seq;
    await this.#examine(row);
    this.#previous = { seq, mac: hex(mac) };
  }

  /** Everything about a row whose MAC is right. */
  async #examine(row: StoredEvent): Promise<void> {
    const { named } = this.#deps;
    const { seq, mac, prevMac, body } = row;
    if (this.#previous.seq === seq - 1 && hex(prevMac) !== this.#previous.mac) {
      this.#report(row, 'edited', 'it does not continue the event before it');
    }
    if (named?.seq === seq && named.mac !== hex(mac)) {
      this.#report(row, 'edited', 'the head file names another MAC for it');
    }
    if (seq === 1 && row.kind !== 'chain.open') this.#report(row, 'edited', 'it does not open the chain');
    const columns = { ...row, chain: this.#deps.chain };
    if (!isHash(leafHash(columns, hex(row.bodyHash)), row.leafHash)) {
      this.#report(row, 'edited', 'its columns are not what its leaf hash commits to');
      return;
    }
    if (body === undefined) return this.#examineWithoutBody(row);
    if (!isHash(bodyHash(body.salt, body.json), row.bodyHash)) {
      this.#report(row, 'edited', 'its body is not what its leaf hash commits to');
      return;
    }
    this.#examineBody(row, body.json);
  }

  async #examineWithoutBody(row: StoredEvent): Promise<void> {
    const { bodiesSince, hasBodySomewhere } = this.#deps;
    if (bodiesSince !== undefined && row.at.slice(0, 7) < bodiesSince) return;
    if (await hasBodySomewhere(row.id)) this.#report(row, 'edited', 'its body stands under another month');
    else this.#report(row, 'deleted', 'its body is missing');
  }

  #examineBody(row: StoredEvent, json: string): void {
    const event = readObject(json);
    const { id, kind, vault, at, intent } = row;
    const isOutcome = kind === 'call.outcome' || kind === 'secret.minted';
    const isAlike =
      event['id'] === id &&
      event['kind'] === kind &&
      event['vault'] === vault &&
      event['at'] === at &&
      (isOutcome ? event['intent'] === intent : intent === null);
    if (!isAlike) this.#report(row, 'edited', 'its columns are not those of its body');
    else if (row.seq === 1) this.predecessor = toNamedHead(event['predecessor']);
  }

  #suspect(suspect: Suspect): void {
    if (this.#suspects.length < MAX_SUSPECTS) this.#suspects.push(suspect);
    else this.#report(suspect, 'edited', 'its MAC is wrong');
  }

  /** Suspects read just before the right row of the same number. */
  #markDoubles(seq: number): void {
    for (let i = this.#suspects.length - 1; i >= 0; i -= 1) {
      const suspect = this.#suspects[i];
      if (suspect?.seq !== seq) return;
      suspect.isDouble = true;
    }
  }

  /** Rows are missing where a right one, or the head file, comes after the gap. */
  #reportGaps(before: number): void {
    for (const { from, to } of this.#gaps) {
      if (from >= before) continue;
      const detail = from === to ? `event ${from} is missing` : `events ${from} to ${to} are missing`;
      this.#deps.report({ chain: this.#deps.chain, seq: from, reason: 'deleted', detail });
    }
    this.#gaps = [];
  }

  end(): void {
    const { chain, named, report } = this.#deps;
    const namedSeq = named?.seq ?? 0;
    const knownSeq = Math.max(this.#lastRightSeq, namedSeq);
    this.#reportGaps(knownSeq + 1);
    for (const suspect of this.#suspects) this.#judge(suspect, knownSeq);
    if (namedSeq > this.#lastSeq) {
      const seq = this.#lastSeq + 1;
      report({ chain, seq, reason: 'cut', detail: `the chain went on to event ${namedSeq} at least` });
    }
  }

  #judge(suspect: Suspect, knownSeq: number): void {
    const place = this.#placeOf(suspect);
    if (place !== undefined) this.#report(suspect, 'reordered', `it was written as event ${place}`);
    else if (suspect.seq < 1 || suspect.seq > knownSeq) {
      this.#report(suspect, 'inserted', 'no event of this number was ever written');
    } else if (suspect.isDouble) this.#report(suspect, 'inserted', 'it has the number of another event');
    else this.#report(suspect, 'edited', 'its MAC is wrong');
  }

  /** The number under which the suspect's MAC is right, if it is one nearby or of another suspect. */
  #placeOf({ seq, prevMac, mac, leafHash: leaf }: Suspect): number | undefined {
    const { chain } = this.#deps;
    const others = this.#suspects.length <= MAX_SHUFFLED ? this.#suspects.map((other) => other.seq) : [];
    return [seq - 1, seq + 1, ...others].find(
      (place) =>
        place > 0 &&
        place !== seq &&
        isHash(chainMac(this.#macKey, hex(prevMac), { chain, seq: place }, hex(leaf)), mac),
    );
  }

  #report(row: { readonly id: string; readonly seq: number }, reason: Reason, detail: string): void {
    this.#deps.report({ chain: this.#deps.chain, seq: row.seq, event: row.id, reason, detail });
  }
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}

function isHash(computed: string, stored: Uint8Array): boolean {
  return constantTimeEqual(Buffer.from(computed, 'hex'), stored);
}

function readObject(json: string): Readonly<Record<string, unknown>> {
  return JSON.parse(json) as Record<string, unknown>; // its leaf hash is right: the text of an event of ours
}

function toNamedHead(value: unknown): NamedHead | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { chain, seq, mac } = value as Record<string, unknown>; // read from an event whose MAC is right
  if (typeof chain !== 'string' || typeof seq !== 'number' || typeof mac !== 'string') return undefined;
  return { chain, seq, mac };
}
