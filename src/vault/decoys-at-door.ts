// A decoy's value shown as if it were a credential of ours: whoever does so is no agent that could be frozen, and has read
// what nobody should have. Told as an alarm with the address it came from, seldom enough that a flood can not fill the log.
import { LRUCache } from 'lru-cache';
import { findInText } from '../core/fingerprints/lookup.ts';
import type { Owner } from '../core/fingerprints/table.ts';
import type { Id } from '../core/ids.ts';
import { peerPrefix } from '../core/ip-range.ts';
import type { Clock } from '../core/time.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Authority } from './authority.ts';

interface DecoysAtDoorDeps {
  readonly authority: Authority;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Waits for what is written in the background when the server ends. */
  readonly live: { finishing(work: Promise<unknown>): void };
}

interface RefusedCredentials {
  readonly request: Id<'req'>;
  readonly client: string;
  readonly texts: readonly { readonly where: string; readonly value: string }[];
}

const WINDOW_MS = 60_000;
/** In one window: of one decoy from one network once, and of all together. */
const MAX_TOLD = 30;
const MAX_REMEMBERED = 1000;

export class DecoysAtDoor {
  readonly #deps: DecoysAtDoorDeps;
  readonly #told = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  #windowStartMs = 0;
  #inWindow = 0;

  constructor(deps: DecoysAtDoorDeps) {
    this.#deps = deps;
  }

  /** Only for what was refused: a call that is let in is looked through later, with its agent known. */
  look({ texts, ...refused }: RefusedCredentials): void {
    const table = this.#deps.authority.fingerprints;
    if (!table.hasDecoys) return;
    for (const { where, value } of texts) {
      const hit = findInText({ table, needles: [] }, Buffer.from(value, 'latin1'));
      if (hit === undefined || !('owner' in hit) || !hit.owner.isDecoy) continue;
      this.#tell(refused, hit.owner, where);
      return;
    }
  }

  #tell({ request, client }: Omit<RefusedCredentials, 'texts'>, { secretId }: Owner, where: string): void {
    const { authority, audit, live, log, metrics } = this.#deps;
    metrics.guardAlarm('decoy-touched', 'told');
    if (!this.#isNews(`${secretId} ${peerPrefix(client)}`)) return;
    const name = authority.secret(secretId)?.name;
    log.warn({ alarm: 'decoy-touched', done: 'told', where, secret: name, client }, 'guard alarm');
    const writing = audit.append({
      kind: 'guard.alarm',
      vault: authority.vaultId,
      principal: { type: 'stranger' },
      request,
      client,
      alarm: 'decoy-touched',
      done: 'told',
      secret: { id: secretId, ...(name === undefined ? {} : { name }) },
      where,
    });
    live.finishing(writing.catch((error: unknown) => log.error({ error }, 'a guard alarm was not recorded')));
  }

  #isNews(key: string): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    const lastMs = this.#told.get(key);
    if (lastMs !== undefined && nowMs - lastMs < WINDOW_MS) return false;
    if (this.#inWindow === 0 || nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#inWindow = 0;
    }
    if (this.#inWindow >= MAX_TOLD) return false;
    this.#inWindow += 1;
    this.#told.set(key, nowMs);
    return true;
  }
}
