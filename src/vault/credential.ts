// The live versions of a secret made ready for a call. Opened values stay in this process for a bounded time, and are
// wiped when their secret changes, when they fall out of the cache, and at the end.
import { LRUCache } from 'lru-cache';
import type { Secret, Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import type { ScanTable } from '../core/leak-scan/scanner.ts';
import { isMintedKind } from '../core/material.ts';
import { Problem } from '../core/problem.ts';
import type { Clock } from '../core/time.ts';
import type { SecretBytes } from '../crypto/secret-bytes.ts';
import type { Placement, Slots } from '../providers/credentials/kind.ts';
import { credentialKind } from '../providers/credentials/registry.ts';
import type { Database } from '../store/database.ts';
import type { MintedTokenRow } from '../store/minted-tokens.ts';
import { readVersionRecords, type VersionRecord } from '../store/secrets.ts';
import type { Authority } from './authority.ts';
import { bindingHash } from './binding.ts';
import { certificateSecret, type OpenedCertificate, openCertificate } from './client-certificate.ts';
import { buildScan, type MintedValue } from './credential-scan.ts';
import type { Keyring } from './keyring.ts';
import { openToken } from './minted-token.ts';
import { openValues } from './open-values.ts';
import type { Minting } from './minting.ts';
import { placeable } from './placeable.ts';
import { ReplacedTokens } from './replaced-tokens.ts';
import type { VersionContext } from './secret-values.ts';

export interface Credential {
  readonly secretId: Id<'sec'>;
  /** Of the access token it was opened with; empty where the value itself is sent. */
  readonly serial: string;
  /** Whether `place` has something of that version to give. */
  canPlace(version: Id<'ver'>): boolean;
  /** Every echo of every live version of the secret. */
  readonly scan: ScanTable;
  /**
   * Gives the placement of a live version to `use`; nothing of it may outlive the call but what is written upstream.
   * Throws `secret-unavailable` for a version that has no value.
   */
  place<T>(version: Id<'ver'>, use: (placement: Placement) => T): T;
  /** What the service shows to its upstream. Good for as long as the credential is. */
  readonly clientCertificate: Pick<OpenedCertificate, 'name' | 'version' | 'use'> | undefined;
}

/** A credential for as long as a call takes. */
export interface Lent {
  readonly credential: Credential;
  readonly release: () => void;
}

export interface CredentialsDeps {
  readonly calls: Database['calls'];
  readonly authority: Authority;
  readonly keyring: Keyring;
  /** Where access tokens come from, for secrets that are exchanged for them. */
  readonly minting: Pick<Minting, 'read' | 'serial' | 'forget'>;
  readonly clock: Clock;
  /** 0: opened for each call, wiped after it. */
  readonly cacheSeconds: number;
  /** A secret whose stored value does not open: told once for each. */
  readonly onAlarm?: (secret: Id<'sec'>, reason: string) => void;
}

/** All that a key is made of is in these. */
interface Asked {
  readonly service: Service;
  /** Of its access token. */
  readonly serial: string;
  readonly epoch: bigint;
}

/** An opened credential with its users: wiped when it has left the cache and the last call that uses it is over. */
class Opened {
  readonly credential: Credential;
  /** Changes whenever what was opened may no longer be what should be sent. */
  readonly key: string;
  readonly #wipe: () => void;
  #users = 0;
  #isCached: boolean;
  /** What the key was last compared for: of the very same there is no need to make it again. */
  #asked: Asked | undefined;

  constructor(credential: Credential, options: { key: string; isCached: boolean; wipe: () => void }) {
    this.credential = credential;
    this.key = options.key;
    this.#isCached = options.isCached;
    this.#wipe = options.wipe;
  }

  /** Whether it is what should be sent, as memory stands; `keyOf` makes the key to compare with. */
  isFor(asked: Asked, keyOf: (service: Service) => string): boolean {
    const before = this.#asked;
    const { service, serial, epoch } = asked;
    if (before?.service === service && before.serial === serial && before.epoch === epoch) return true;
    if (keyOf(service) !== this.key) return false;
    this.#asked = asked;
    return true;
  }

  use(): Lent {
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
/** To open values beside a change of their binding; each time another change was in between. */
const MAX_TRIES = 4;

export class Credentials {
  readonly #deps: CredentialsDeps;
  readonly #cache: LRUCache<string, Opened> | undefined;
  readonly #replaced = new ReplacedTokens();
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

  /** As `open`, where it lies open already; else undefined. */
  opened(service: Service): Lent | undefined {
    const { authority, minting } = this.#deps;
    const asked = { service, serial: minting.serial(service.secretId), epoch: authority.epoch };
    const cached = this.#cache?.get(service.id);
    return cached?.isFor(asked, (known) => this.#keyOf(known)) === true ? cached.use() : undefined;
  }

  /** The credential of a service, with every live version of its secret. Call `release` when the call is over. */
  async open(service: Service): Promise<Lent> {
    const cached = this.opened(service);
    if (cached !== undefined) return cached;
    const key = this.#keyOf(service);
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
    this.#replaced.purge(this.#deps.clock.now());
  }

  close(): void {
    this.#stopListening();
    this.#cache?.clear();
    this.#replaced.close();
  }

  #keyOf(service: Service): string {
    const secret = this.#deps.authority.secret(service.secretId);
    const serial = secret === undefined ? '' : this.#deps.minting.serial(secret.id);
    const certificate = certificateSecret(this.#deps.authority, service);
    const shown =
      certificate === undefined ? '' : `${certificate.current?.id ?? ''} ${certificate.live.join(',')}`;
    return `${service.revision} ${serial} ${secret?.live.join(',') ?? ''} ${shown}`;
  }

  #dropStale(): void {
    for (const [id, opened] of this.#cache?.entries() ?? []) {
      const service = this.#deps.authority.service(id);
      if (service === undefined || opened.key !== this.#keyOf(service)) this.#cache?.delete(id);
    }
  }

  /** What does not open may have been bound anew by a change that memory has not seen: then again, as it is by then. */
  async #openFresh(service: Service, key: string): Promise<Opened> {
    const { authority } = this.#deps;
    for (let tries = 1; ; tries += 1) {
      const { epoch } = authority;
      try {
        return await this.#openAsKnown(service, key);
      } catch (error) {
        await authority.sync();
        if (authority.epoch !== epoch && tries < MAX_TRIES) continue;
        if (error instanceof Problem && error.internal !== undefined) this.#alarm(service, error.internal);
        throw error;
      }
    }
  }

  #alarm({ secretId }: Service, reason: string): void {
    if (this.#alarmed.has(secretId)) return;
    this.#alarmed.set(secretId, true);
    this.#deps.onAlarm?.(secretId, reason);
  }

  async #openAsKnown(service: Service, key: string): Promise<Opened> {
    const { authority, keyring, calls } = this.#deps;
    const read = ({ live }: Secret) => readVersionRecords(calls, authority.vaultId, live);
    const certificate = await openCertificate({ authority, keyring, read }, service);
    try {
      return await this.#openWith(service, key, certificate);
    } catch (error) {
      certificate?.dispose();
      throw error;
    }
  }

  async #openWith(
    service: Service,
    key: string,
    certificate: OpenedCertificate | undefined,
  ): Promise<Opened> {
    const { authority, keyring, calls, minting } = this.#deps;
    const secret = authority.secret(service.secretId);
    if (secret?.current === undefined) {
      throw new Problem('secret-unavailable', {
        detail:
          'The secret of this service is disabled: none of its versions is current. An administrator enables it (doorward secret enable NAME) or gives it a new value (doorward secret rotate NAME).',
      });
    }
    const { credentialKind: kind } = secret;
    const records = await readVersionRecords(calls, authority.vaultId, secret.live);
    const row = isMintedKind(kind) ? await minting.read(secret.id) : undefined;
    const binding = bindingHash(authority.servicesOf(secret.id));
    const context = { vaultId: authority.vaultId, secretId: secret.id, credentialKind: kind, binding };
    const values = openValues(keyring, records, context);
    try {
      const minted = isMintedKind(kind) ? this.#openToken(row, records, context) : undefined;
      if (minted === undefined && !values.has(secret.current.id)) throw missing();
      const others = certificate?.scanTargets() ?? [];
      const replaced = minted === undefined ? [] : this.#before(secret.id, minted);
      const scan = buildScan({ kind, auth: service.auth, records, values, minted, replaced, others });
      const sent = { values, minted, scan, certificate };
      const isCached = this.#cache !== undefined;
      const credential = toCredential(service, secret.id, sent);
      return new Opened(credential, {
        key: minted === undefined ? key : this.#keyOf(service), // it may be newer than what memory knew of
        isCached,
        wipe: () => wipe(sent),
      });
    } catch (error) {
      for (const value of values.values()) value.dispose();
      throw error;
    }
  }

  /** Tokens that this process has opened before this one; none where nothing opened may stay in memory. */
  #before(secretId: Id<'sec'>, minted: MintedValue): readonly MintedValue[] {
    return this.#cache === undefined ? [] : this.#replaced.before(secretId, minted, this.#deps.clock.now());
  }

  /** One that does not open is as good as none: the next call has another one fetched. */
  #openToken(
    row: MintedTokenRow | undefined,
    records: readonly VersionRecord[],
    context: Omit<VersionContext, 'number'>,
  ): MintedValue {
    const version = records.find(({ id }) => id === row?.versionId);
    if (row === undefined || version === undefined) throw missing();
    try {
      const opened = openToken(this.#deps.keyring, row, { ...context, number: version.number });
      if (opened === undefined) throw missing();
      return { ...opened, versionId: version.id, serial: row.dekId ?? '' };
    } catch (error) {
      this.#deps.minting.forget(context.secretId);
      throw error;
    }
  }
}

function missing(): Problem {
  return new Problem('secret-unavailable', { internal: 'the value is missing' });
}

interface Sent {
  readonly values: ReadonlyMap<string, SecretBytes>;
  readonly minted: MintedValue | undefined;
  readonly scan: ScanTable;
  readonly certificate: OpenedCertificate | undefined;
}

function toCredential(
  { auth }: Service,
  secretId: Id<'sec'>,
  { values, minted, scan, certificate }: Sent,
): Credential {
  const kind = credentialKind(auth);
  const valueOf = (version: Id<'ver'>) => {
    const value = values.get(version);
    if (value === undefined) throw missing();
    return value;
  };
  return {
    secretId,
    scan,
    serial: minted?.serial ?? '',
    clientCertificate: certificate,
    canPlace: (version) => (minted === undefined ? values.has(version) : minted.versionId === version),
    place: (version, use) =>
      valueOf(version).use((bytes) => {
        if (minted === undefined) return use(kind.place(placeable(bytes), auth));
        if (minted.versionId !== version) throw missing();
        return minted.token.use((token) => use(kind.place(placeable(token, bytes), auth)));
      }),
  };
}

/** Header names and query parameters that the service's credential fills: nothing of the agent's may stand there. */
export function slotsOf({ auth }: Pick<Service, 'auth'>): Slots {
  return credentialKind(auth).slots(auth);
}

function wipe({ scan, values, minted, certificate }: Sent): void {
  scan.dispose();
  certificate?.dispose();
  minted?.token.dispose();
  for (const value of values.values()) value.dispose();
}
