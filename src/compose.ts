// Config → App: the only place where everything is joined. Each part is opened after what it stands on and closed before it.
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureLimit } from './broker/failure-limit.ts';
import type { BrokerDeps } from './broker/deps.ts';
import { LiveCalls } from './broker/live-calls.ts';
import type { ServerConfig } from './config.ts';
import { type IdSource, newId } from './core/ids.ts';
import type { AddressPolicy } from './core/ip-range.ts';
import { Problem } from './core/problem.ts';
import { adminSocketPath } from './core/socket-path.ts';
import type { Clock, Randomness } from './core/time.ts';
import { createSigningKeyPair } from './crypto/access-token.ts';
import { hmacSha256 } from './crypto/encoding.ts';
import { createResolver } from './egress/resolve.ts';
import { createEgress, DEFAULT_TIMEOUTS } from './egress/send.ts';
import { createService } from './http/app.ts';
import type { Readiness } from './http/health.ts';
import { createListener } from './http/listener.ts';
import { openServers, type Servers } from './http/server.ts';
import { jobs } from './jobs/registry.ts';
import { startJobs } from './jobs/scheduler.ts';
import type { OperationDeps } from './operations/operation.ts';
import { ROOT_KEY_PROVIDERS } from './providers/root-keys/registry.ts';
import { claimDataDirectory } from './store/data-directory.ts';
import { type Database, type DatabaseOptions, openDatabase } from './store/database.ts';
import { openHeadFile } from './store/head-file.ts';
import { migrate } from './store/migrate.ts';
import { databaseTime, EPOCH_CHANNEL } from './store/vaults.ts';
import type { Log } from './telemetry/log.ts';
import { createAuditLog } from './vault/audit/audit-log.ts';
import { verifyAudit } from './vault/audit/verify.ts';
import { Authority } from './vault/authority.ts';
import { Credentials } from './vault/credential.ts';
import type { Keyring } from './vault/keyring.ts';
import { Lease } from './vault/lease.ts';
import { unseal } from './vault/sealing.ts';
import { Tokens } from './vault/tokens.ts';

/** What differs between a server and a test: clocks, randomness, name look-ups. */
export interface World {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly passphrase?: () => Promise<string>;
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

export interface App {
  /** What agents are given: the public URL. */
  readonly url: string;
  /** Where this process listens. */
  readonly address: string;
  readonly socketPath: string;
  readonly isFirstStart: boolean;
  readonly authority: Authority;
  readonly lease: Lease;
  readonly operations: OperationDeps;
  /** Refuses new calls, lets those under way finish for `drainSeconds`, then closes everything. Idempotent. */
  close(): Promise<void>;
}

export const VERSION = packageVersion();
const MAX_CLOCK_DIFFERENCE_MS = 5000;

export async function compose(config: ServerConfig, world: World): Promise<App> {
  const closers: (() => Promise<unknown> | void)[] = [];
  try {
    return await open(config, world, closers);
  } catch (error) {
    for (const close of closers.reverse()) await close();
    throw error;
  }
}

async function open(
  config: ServerConfig,
  world: World,
  closers: (() => Promise<unknown> | void)[],
): Promise<App> {
  const { clock, log } = world;
  const ids: IdSource = { clock, randomness: world.randomness };
  const socketPath = adminSocketPath(config.dataDirectory, config.runtimeDirectory);
  const claim = await claimDataDirectory(config.dataDirectory, { socketPath });
  closers.push(() => claim.release());
  const servers = await openServers({ ...config.listen, socketPath });
  closers.push(() => (servers.destroy(), servers.close()));
  const publicUrl = config.publicUrl ?? servers.url;

  const databaseOptions = databaseOptionsOf(config);
  await migrate(databaseOptions);
  const database = await openDatabase(databaseOptions);
  closers.push(() => database.close());

  const passphrase = config.rootKeyProvider === 'passphrase' ? once(passphraseOf(config, world)) : undefined;
  const { keyring, vaultId, isFirstStart } = await unseal({
    db: database.admin,
    ids,
    openProvider: (mayCreate) =>
      ROOT_KEY_PROVIDERS[config.rootKeyProvider](
        { rootKeyFile: config.rootKeyFile, passphrase, mayCreate },
        world.randomness,
      ),
    owner: { path: config.ownerCredentialFile, passphrase },
  });
  closers.push(() => keyring.dispose());

  const replica = newId(ids, 'rep');
  const alarm = (found: { table: string; row: string; reason: string }) =>
    log.error(found, 'integrity alarm');
  const headFile = openHeadFile(join(config.dataDirectory, 'audit-heads.json'));
  const macKey = keyring.systemKey('audit-mac').use((key) => Buffer.from(key));
  const headKeys = keyring.systemKey('audit-head').use((seed) => createSigningKeyPair(seed));
  const audit = await createAuditLog({
    ...{ database, macKey, headKey: headKeys.privateKey, ids, replica, headFile },
    ...{ installation: keyring.installation, version: VERSION, onAlarm: alarm },
  });
  closers.push(() => audit.close());

  const authority = new Authority({
    ...{ database, clock, keyring, vaultId },
    onAlarm: (table, row) => {
      const found = { table, row, reason: 'the row does not match its MAC and is ignored' };
      alarm(found);
      const event = {
        kind: 'integrity.alarm',
        vault: vaultId,
        principal: { type: 'system' },
        ...found,
      } as const;
      audit.append(event).catch((error: unknown) => log.error({ error }, 'an alarm was not recorded'));
    },
  });
  const lease = new Lease({
    ...{ calls: database.calls, clock, replica, authority },
    auditHeads: () => audit.heads(),
    onPeerHeads: (heads) => {
      for (const head of heads) audit.observePeerHeads(head);
    },
    onError: (error) => log.warn({ error }, 'the lease was not renewed'),
  });
  await lease.start();
  closers.push(() => lease.stop());
  const listening = await database.listen(
    EPOCH_CHANNEL,
    () => void lease.catchUp().catch((error: unknown) => log.warn({ error }, 'a change was not loaded')),
    () => void lease.renew().catch((error: unknown) => log.warn({ error }, 'the lease was not renewed')),
  );
  closers.push(() => listening.close());

  const tokens = new Tokens({
    ...{ keyring, ids, authority, db: database.admin, issuer: publicUrl, tokenSeconds: config.tokenSeconds },
  });
  const credentials = new Credentials({
    ...{ calls: database.calls, authority, keyring, cacheSeconds: config.valueCacheSeconds },
  });
  closers.push(() => credentials.close());
  const live = new LiveCalls();
  const policy: AddressPolicy = {
    allowedCidrs: config.egressAllowCidrs,
    alwaysBlocked: await ownAddresses(config, servers),
  };
  const egress = createEgress({
    ...{ clock, policy, ca: config.egressCa, defaultTimeouts: DEFAULT_TIMEOUTS },
    resolver: createResolver({ clock, ...(world.lookup === undefined ? {} : { lookup: world.lookup }) }),
  });
  closers.push(() => egress.close());
  authority.onChange(() => live.endRevoked());

  const failures = new FailureLimit(clock);
  const broker: BrokerDeps = {
    ...{ ids, authority, lease, tokens, credentials, audit, egress, live, failures, log },
    fieldHash: (text) => fieldHash(keyring, text),
  };
  const operations: OperationDeps = {
    ...{ database, ids, keyring, vaultId, authority, lease, tokens, audit },
    verifyAudit: () => verifyAudit({ database, macKey, headPublicKey: headKeys.publicKey, headFile }),
    server: {
      ...{ version: VERSION, replica, startedAt: clock.now(), rootKeyProvider: config.rootKeyProvider },
      publicUrl: () => publicUrl,
      exposedFiles: [
        config.dataDirectory,
        ...(config.rootKeyProvider === 'file' ? [config.rootKeyFile] : []),
        config.ownerCredentialFile,
      ],
    },
  };
  let isDraining = false;
  const readiness = () => checkReadiness({ database, lease, clock, isDraining });
  servers.serve(
    createListener({
      broker,
      service: createService({ operations, tokens: { tokens, authority, audit, failures }, readiness, log }),
      allowedHosts: allowedHosts(publicUrl, servers),
      isDraining: () => isDraining,
    }),
  );
  const scheduler = startJobs(
    jobs({ ...{ database, audit, credentials, keyring, clock, replica, vaultId } }),
    log,
  );
  closers.push(() => scheduler.stop());

  const close = once(async () => {
    isDraining = true;
    const limit = setTimeout(() => {
      live.endAll(new Problem('draining', { detail: 'The server stopped before the answer was whole.' }));
    }, config.drainSeconds * 1000);
    await live.settled();
    clearTimeout(limit);
    // The last closer opened is the first to go: jobs, egress, credentials, lease, audit, database, sockets, claim.
    for (const closer of closers.reverse()) {
      await Promise.resolve(closer()).catch((error: unknown) => log.error({ error }, 'closing failed'));
    }
  });
  return {
    url: publicUrl,
    address: servers.url,
    socketPath,
    isFirstStart,
    authority,
    lease,
    operations,
    close,
  };
}

function databaseOptionsOf(config: ServerConfig): DatabaseOptions {
  const { databaseUrl: url, migrationDatabaseUrl, listenDatabaseUrl } = config;
  if (url === undefined) return { kind: 'embedded', dataDirectory: config.dataDirectory };
  return {
    ...{ kind: 'postgres', url },
    ...(migrationDatabaseUrl === undefined ? {} : { migrationUrl: migrationDatabaseUrl }),
    // A separate address for LISTEN says that the main one leads to a pooler, which keeps no prepared statements.
    ...(listenDatabaseUrl === undefined ? {} : { listenUrl: listenDatabaseUrl, prepare: false }),
  };
}

async function checkReadiness(parts: {
  readonly database: Database;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly isDraining: boolean;
}): Promise<Readiness> {
  const { database, lease, clock, isDraining } = parts;
  const time = await databaseTime(database.calls).catch(() => undefined);
  const differenceMs = time === undefined ? 0 : Math.abs(time.getTime() - clock.now().getTime());
  const checks = {
    draining: isDraining ? 'shutting down' : 'ok',
    database: time === undefined ? 'does not answer' : 'ok',
    rights: lease.isValid() ? 'ok' : 'the lease has lapsed',
    clock: differenceMs > MAX_CLOCK_DIFFERENCE_MS ? `${differenceMs} ms from the database` : 'ok',
  };
  return { isReady: Object.values(checks).every((check) => check === 'ok'), checks };
}

/** Host header values by which this server may be called. */
function allowedHosts(publicUrl: string, servers: Servers): ReadonlySet<string> {
  const hosts = [new URL(publicUrl).host, new URL(servers.url).host];
  for (const name of ['localhost', '127.0.0.1', '[::1]']) hosts.push(`${name}:${servers.port}`);
  return new Set(hosts.map((host) => host.toLowerCase()));
}

/** Where calls must never be sent: to this server itself, or to its database. */
async function ownAddresses(
  config: ServerConfig,
  servers: Servers,
): Promise<readonly { address: string; port: number }[]> {
  const own = [{ address: config.listen.host, port: servers.port }];
  for (const url of [config.databaseUrl, config.migrationDatabaseUrl, config.listenDatabaseUrl]) {
    const parts = /@([^/?]+)/.exec(url ?? '')?.[1]?.split(',') ?? [];
    for (const part of parts) {
      const [, host = '', port = '5432'] = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(part) ?? [];
      const found = await lookup(host, { all: true }).catch(() => []);
      for (const { address } of found) own.push({ address, port: Number(port) });
    }
  }
  return own.filter(({ address }) => /^[\d.]+$|:/.test(address));
}

function passphraseOf(config: ServerConfig, world: World): () => Promise<string> {
  return async () => {
    const given = config.passphrase ?? (await world.passphrase?.());
    if (given !== undefined) return given;
    throw new Problem('not-ready', {
      detail: 'The passphrase provider needs DOORWARD_PASSPHRASE_FILE, or a terminal to ask on.',
    });
  };
}

function fieldHash(keyring: Keyring, text: string): string {
  return keyring
    .systemKey('field-hash')
    .use((key) => hmacSha256(key, Buffer.from(text)).toString('base64url'));
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version; // our own file, beside the code
}
