// The live versions of a secret made ready for a call. Opened values stay in this process for a bounded time, and are
// wiped when their secret changes, when they fall out of the cache, and at the end.
import { LRUCache } from 'lru-cache';
import type { Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import type { ScanTarget } from '../core/leak-scan/patterns.ts';
import { buildScanTable, type ScanTable } from '../core/leak-scan/scanner.ts';
import { Problem } from '../core/problem.ts';
import type { SecretBytes } from '../crypto/secret-bytes.ts';
import type { Placement } from '../providers/credentials/kind.ts';
import { credentialKind } from '../providers/credentials/registry.ts';
import type { Database } from '../store/database.ts';
import { readVersionRecords, type VersionRecord } from '../store/secrets.ts';
import type { Authority } from './authority.ts';
import { bindingHash } from './binding.ts';
import type { Keyring } from './keyring.ts';
import { openValue, type VersionContext } from './secret-values.ts';

export interface Credential {
  readonly secretId: Id<'sec'>;
  /** Every echo of every live version of the secret. */
  readonly scan: ScanTable;
  /**
   * Gives the placement of a live version to `use`; nothing of it may outlive the call but what is written upstream.
   * Throws `secret-unavailable` for a version that has no value.
   */
  place<T>(version: Id<'ver'>, use: (placement: Placement) => T): T;
}

export interface CredentialsDeps {
  readonly calls: Database['calls'];
  readonly authority: Authority;
  readonly keyring: Keyring;
  /** 0: opened for each call, wiped after it. */
  readonly cacheSeconds: number;
  /** A secret whose stored value does not open: told once for each. */
  readonly onAlarm?: (secret: Id<'sec'>, reason: string) => void;
}

/** An opened credential with its users: wiped when it has left the cache and the last call that uses it is over. */
class Opened {
  readonly credential: Credential;
  /** Changes whenever what was opened may no longer be what should be sent. */
  readonly key: string;
  readonly #wipe: () => void;
  #users = 0;
  #isCached: boolean;

  constructor(credential: Credential, options: { key: string; isCached: boolean; wipe: () => void }) {
    this.credential = credential;
    this.key = options.key;
    this.#isCached = options.isCached;
    this.#wipe = options.wipe;
  }

  use(): { credential: Credential; release: () => void } {
    this.#users += 1;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      this.#users -= 1;
      this.#wipeIfUnused();
    };
    return { credential: this.credential, release };
  }

  leaveCache(): void {
    this.#isCached = false;
    this.#wipeIfUnused();
  }

  #wipeIfUnused(): void {
    if (!this.#isCached && this.#users === 0) this.#wipe();
  }
}

const MAX_CACHED = 10_000;
const MAX_ALARMED = 1000;

export class Credentials {
  readonly #deps: CredentialsDeps;
  readonly #cache: LRUCache<string, Opened> | undefined;
  readonly #pending = new Map<string, Promise<Opened>>();
  readonly #alarmed = new LRUCache<Id<'sec'>, true>({ max: MAX_ALARMED });
  readonly #stopListening: () => void;

  constructor(deps: CredentialsDeps) {
    this.#deps = deps;
    this.#cache =
      deps.cacheSeconds === 0
        ? undefined
        : new LRUCache<string, Opened>({
            max: MAX_CACHED,
            ttl: deps.cacheSeconds * 1000,
            ttlAutopurge: false,
            dispose: (opened) => opened.leaveCache(),
          });
    this.#stopListening = deps.authority.onChange(() => this.#dropStale());
  }

  /** The credential of a service, with every live version of its secret. Call `release` when the call is over. */
  async open(service: Service): Promise<{ credential: Credential; release: () => void }> {
    const key = this.#keyOf(service);
    const cached = this.#cache?.get(service.id);
    if (cached?.key === key) return cached.use();
    if (this.#cache === undefined) return (await this.#openFresh(service, key)).use();
    const pending = this.#pending.get(`${service.id} ${key}`) ?? this.#openIntoCache(service, key);
    return (await pending).use();
  }

  async #openIntoCache(service: Service, key: string): Promise<Opened> {
    const name = `${service.id} ${key}`;
    const opening = this.#openFresh(service, key)
      .then((opened) => {
        this.#cache?.set(service.id, opened);
        return opened;
      })
      .finally(() => this.#pending.delete(name));
    this.#pending.set(name, opening);
    return await opening;
  }

  /** Wipes everything that lies open longer than its time; the cache itself only looks when asked. */
  purge(): void {
    this.#cache?.purgeStale();
  }

  close(): void {
    this.#stopListening();
    this.#cache?.clear();
  }

  #keyOf(service: Service): string {
    const secret = this.#deps.authority.secret(service.secretId);
    return `${service.revision} ${secret?.live.join(',') ?? ''}`;
  }

  #dropStale(): void {
    for (const [id, opened] of this.#cache?.entries() ?? []) {
      const service = this.#deps.authority.service(id);
      if (service === undefined || opened.key !== this.#keyOf(service)) this.#cache?.delete(id);
    }
  }

  /** What does not open may have been bound anew by a change that memory has not seen: then once more, as it is now. */
  async #openFresh(service: Service, key: string): Promise<Opened> {
    const { authority } = this.#deps;
    const { epoch } = authority;
    try {
      return await this.#openAsKnown(service, key);
    } catch (error) {
      await authority.sync();
      if (authority.epoch !== epoch) return await this.#openAsKnown(service, key);
      if (error instanceof Problem && error.internal !== undefined) this.#alarm(service, error.internal);
      throw error;
    }
  }

  #alarm({ secretId }: Service, reason: string): void {
    if (this.#alarmed.has(secretId)) return;
    this.#alarmed.set(secretId, true);
    this.#deps.onAlarm?.(secretId, reason);
  }

  async #openAsKnown(service: Service, key: string): Promise<Opened> {
    const { authority, keyring, calls } = this.#deps;
    const secret = authority.secret(service.secretId);
    if (secret?.current === undefined) {
      throw new Problem('secret-unavailable', {
        detail:
          'The secret of this service is disabled: none of its versions is current. An administrator enables it (doorward secret enable NAME) or gives it a new value (doorward secret rotate NAME).',
      });
    }
    const { current, credentialKind: kind } = secret;
    const records = await readVersionRecords(calls, authority.vaultId, secret.live);
    const binding = bindingHash(authority.servicesOf(secret.id));
    const values = openValues(keyring, records, {
      vaultId: authority.vaultId,
      secretId: secret.id,
      credentialKind: kind,
      binding,
    });
    const valueOf = (version: Id<'ver'>) => {
      const value = values.get(version);
      if (value === undefined) throw new Problem('secret-unavailable', { internal: 'the value is missing' });
      return value;
    };
    if (!values.has(current.id)) {
      for (const value of values.values()) value.dispose();
      throw new Problem('secret-unavailable', { internal: 'the value is missing' });
    }
    const scan = scanTableOf(service, records, values);
    const credential: Credential = {
      secretId: secret.id,
      scan,
      place: (version, use) =>
        valueOf(version).use((bytes) => use(credentialKind(service.auth).place(bytes, service.auth))),
    };
    const isCached = this.#cache !== undefined;
    return new Opened(credential, { key, isCached, wipe: () => wipe(scan, values) });
  }
}

/** The value of every version that has one, or none of them: an opened one is wiped when another does not open. */
function openValues(
  keyring: Keyring,
  records: readonly VersionRecord[],
  context: Omit<VersionContext, 'number'>,
): ReadonlyMap<string, SecretBytes> {
  const values = new Map<string, SecretBytes>();
  try {
    for (const record of records) {
      const { dekRecord, valueRecord, number } = record;
      if (dekRecord === null || valueRecord === null) continue;
      const sealed = { ...record, dekRecord, valueRecord };
      values.set(record.id, openValue(keyring, sealed, { ...context, number }));
    }
    return values;
  } catch (error) {
    for (const value of values.values()) value.dispose();
    throw error;
  }
}

function scanTableOf(
  service: Service,
  records: readonly VersionRecord[],
  values: ReadonlyMap<string, SecretBytes>,
): ScanTable {
  const targets: ScanTarget[] = [];
  for (const record of records) {
    values.get(record.id)?.use((bytes) => {
      const value = Buffer.from(bytes);
      targets.push({
        id: record.id,
        value,
        publicPrefixLength: publicPrefixLength(value),
        fragments: true,
      });
      for (const echo of credentialKind(service.auth).place(bytes, service.auth).echoes) {
        targets.push({ id: record.id, value: echo });
      }
    });
  }
  const table = buildScanTable(targets);
  for (const target of targets) target.value.fill(0);
  return table;
}

/** A vendor's own prefix, such as `sk-proj-` or `ghp_`, is public: it alone is no echo. */
function publicPrefixLength(value: Buffer): number {
  const prefix = /^(?:[A-Za-z][A-Za-z0-9]{0,7}[-_]){1,3}/.exec(value.toString('latin1'))?.[0] ?? '';
  return prefix.length <= 12 && prefix.length * 2 <= value.length ? prefix.length : 0;
}

/** Header names and query parameters that the service's credential fills: nothing of the agent's may stand there. */
export function slotsOf(service: Service): {
  readonly headers: readonly string[];
  readonly query: readonly string[];
} {
  return credentialKind(service.auth).slots(service.auth);
}

function wipe(scan: ScanTable, values: ReadonlyMap<string, SecretBytes>): void {
  scan.dispose();
  for (const value of values.values()) value.dispose();
}
