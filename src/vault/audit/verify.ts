// `audit verify`: every chain from its first row to its last, and against what is kept outside the database. It asks
// nothing of the database but its rows, so it does not matter who changed them and whether triggers were on.
import type { KeyObject } from 'node:crypto';
import { sightChains } from '../../store/audit-events.ts';
import {
  hasBodySomewhere,
  listAbandonedIntents,
  listChains,
  listStrayBodies,
  readChainPage,
} from '../../store/audit-reading.ts';
import type { Database } from '../../store/database.ts';
import type { HeadFile } from '../../store/head-file.ts';
import { ChainWalk } from './chain-walk.ts';
import type { AuditProblem, NamedHead } from './chain-walk.ts';
import { readHeadFile } from './heads.ts';

export interface AuditReport {
  /** Nothing was found but warnings (`intent-without-outcome`). */
  readonly ok: boolean;
  readonly events: number;
  readonly chains: number;
  readonly problems: readonly AuditProblem[];
  /** How many more problems there are than are listed. */
  readonly unlisted: number;
}

export interface VerifyDeps {
  readonly database: Database;
  readonly macKey: Uint8Array;
  /** Ed25519. */
  readonly headPublicKey: KeyObject;
  readonly headFile: HeadFile;
  /** `YYYY-MM`: retention may have dropped bodies of earlier months. */
  readonly bodiesSince?: string;
}

export interface VerifyProgress {
  readonly events: number;
  readonly chains: number;
  readonly chainsInAll: number;
}

/** Rows in one step: few enough that a server which verifies itself doesn't stall. */
const PAGE_ROWS = 500;
const MAX_LISTED = 1000;
const MAX_STRAY = 100;
const PLACES_PER_QUERY = 500;

/** Looks at the whole log, a page at a time. */
export async function verifyAudit(
  deps: VerifyDeps,
  onProgress?: (progress: VerifyProgress) => void,
): Promise<AuditReport> {
  const findings = new Findings();
  const named = await readNamedHeads(deps, findings); // before the rows: the file is never ahead of them
  const chains = await listChains(deps.database.adminSql);
  const predecessors: NamedHead[] = [];
  let events = 0;
  for (const [i, chain] of chains.entries()) {
    const walk = startWalk(deps, { chain, named: named.get(chain), findings });
    events += await walkRows(deps, chain, walk, (count) => {
      onProgress?.({ events: events + count, chains: i, chainsInAll: chains.length });
    });
    if (walk.predecessor !== undefined) predecessors.push(walk.predecessor);
  }
  reportMissingChains(chains, named, findings);
  await checkPredecessors(deps, predecessors, findings);
  await reportStrays(deps, findings);
  onProgress?.({ events, chains: chains.length, chainsInAll: chains.length });
  return { ...findings.toReport(), events, chains: chains.length };
}

class Findings {
  readonly #problems: AuditProblem[] = [];
  readonly #places = new Set<string>();
  #unlisted = 0;
  #isOk = true;

  add(problem: AuditProblem): void {
    if (problem.reason !== 'intent-without-outcome') this.#isOk = false;
    if (this.#problems.length === MAX_LISTED) {
      this.#unlisted += 1;
      return;
    }
    this.#places.add(`${problem.chain}:${problem.seq}`);
    this.#problems.push(problem);
  }

  /** For what several sources would tell. */
  addUnlessKnown(problem: AuditProblem): void {
    if (!this.#places.has(`${problem.chain}:${problem.seq}`)) this.add(problem);
  }

  toReport(): Pick<AuditReport, 'ok' | 'problems' | 'unlisted'> {
    return { ok: this.#isOk, problems: this.#problems, unlisted: this.#unlisted };
  }
}

async function readNamedHeads(deps: VerifyDeps, findings: Findings): Promise<Map<string, NamedHead>> {
  const invalid = (detail: string) =>
    findings.add({ chain: '', seq: 0, reason: 'head-file-invalid', detail });
  try {
    const record = await readHeadFile(deps.headFile, deps.headPublicKey);
    if (record === undefined)
      invalid('there is no head file: rows cut from the end of a chain would not be missed');
    const heads = Object.entries(record?.chains ?? {});
    return new Map(heads.map(([chain, { seq, mac }]) => [chain, { chain, seq, mac }]));
  } catch (error) {
    invalid(error instanceof Error ? error.message : 'the head file can not be read');
    return new Map();
  }
}

function startWalk(
  deps: VerifyDeps,
  walk: { readonly chain: string; readonly named: NamedHead | undefined; readonly findings: Findings },
): ChainWalk {
  return new ChainWalk({
    macKey: deps.macKey,
    chain: walk.chain,
    named: walk.named,
    bodiesSince: deps.bodiesSince,
    hasBodySomewhere: (event) => hasBodySomewhere(deps.database.adminSql, event),
    report: (problem) => walk.findings.add(problem),
  });
}

/** Returns how many rows the chain has. */
async function walkRows(
  deps: VerifyDeps,
  chain: string,
  walk: ChainWalk,
  onPage: (count: number) => void,
): Promise<number> {
  let count = 0;
  let after: { seq: number; id: string } | undefined;
  for (;;) {
    const page = await readChainPage(deps.database.adminSql, chain, after, PAGE_ROWS);
    for (const row of page) await walk.step(row);
    count += page.length;
    onPage(count);
    after = page.at(-1);
    if (page.length < PAGE_ROWS) break;
  }
  walk.end();
  return count;
}

function reportMissingChains(
  chains: readonly string[],
  named: ReadonlyMap<string, NamedHead>,
  findings: Findings,
): void {
  const present = new Set(chains);
  for (const { chain, seq } of named.values()) {
    if (present.has(chain)) continue;
    findings.add({
      chain,
      seq: 1,
      reason: 'missing-chain',
      detail: `all its events are gone, ${seq} at least`,
    });
  }
}

/** Each chain names the head of the one before it, so an older chain is held by every younger one. */
async function checkPredecessors(
  deps: VerifyDeps,
  predecessors: readonly NamedHead[],
  findings: Findings,
): Promise<void> {
  for (let i = 0; i < predecessors.length; i += PLACES_PER_QUERY) {
    const places = predecessors.slice(i, i + PLACES_PER_QUERY);
    const sightings = new Map(
      (await sightChains(deps.database.adminSql, places)).map((sighting) => [
        `${sighting.chain}:${sighting.seq}`,
        sighting,
      ]),
    );
    for (const { chain, seq, mac } of places) {
      const sighting = sightings.get(`${chain}:${seq}`);
      const detail = `a later chain names its event ${seq}`;
      if (sighting?.end === undefined) {
        findings.addUnlessKnown({ chain, seq: 1, reason: 'missing-chain', detail });
      } else if (sighting.end.seq < seq) {
        findings.addUnlessKnown({ chain, seq: sighting.end.seq + 1, reason: 'cut', detail });
      } else if (sighting.mac !== mac) {
        findings.addUnlessKnown({ chain, seq, reason: 'edited', detail: `${detail} with another MAC` });
      }
    }
  }
}

async function reportStrays(deps: VerifyDeps, findings: Findings): Promise<void> {
  for (const event of await listStrayBodies(deps.database.adminSql, MAX_STRAY)) {
    const detail = 'a body stands without its event';
    findings.add({ chain: '', seq: 0, event, reason: 'deleted', detail });
  }
  for (const { chain, seq, event } of await listAbandonedIntents(deps.database.adminSql, MAX_STRAY)) {
    const detail = 'the call has no outcome yet, and its replica has ended';
    findings.add({ chain, seq, event, reason: 'intent-without-outcome', detail });
  }
}
