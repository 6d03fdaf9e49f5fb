// Config → App: the only place where everything is joined. Each part is opened after what it stands on and closed before it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeldBodies } from './broker/call-body.ts';
import { Canary } from './broker/canary.ts';
import { ContentGuards } from './broker/inspection/content-guards.ts';
import { RepeatedLeaks } from './broker/inspection/repeated-leaks.ts';
import { PlaceholderLooks } from './broker/placeholder-looks.ts';
import { readEntry, readKeyPatterns } from './catalogue/catalogue.ts';
import { shapeTable } from './core/credential-shapes/shape-table.ts';
import { FailureLimit } from './broker/failure-limit.ts';
import type { BrokerDeps } from './broker/deps.ts';
import { LiveCalls } from './broker/live-calls.ts';
import { TextGuards } from './broker/inspection/text-guards.ts';
import type { ServerConfig } from './config.ts';
import { type IdSource, newId } from './core/ids.ts';
import type { AddressPolicy } from './core/ip-range.ts';
import { Problem } from './core/problem.ts';
import type { Clock, Randomness } from './core/time.ts';
import { createSigningKeyPair } from './crypto/access-token.ts';
import { addingTo, type OwnAddress, ownAddresses } from './egress/own-addresses.ts';
import { createResolver } from './egress/resolve.ts';
import { createEgress, DEFAULT_TIMEOUTS } from './egress/send.ts';
import { type Ground, openGround } from './ground.ts';
import { createService } from './http/app.ts';
import { allowedHosts, createListener } from './http/listener.ts';
import { createReadiness, inTime } from './http/readiness.ts';
import { openServiceListeners } from './http/service-listeners.ts';
import { type Installation, openInstallation } from './installation.ts';
import { jobs } from './jobs/registry.ts';
import { startJobs } from './jobs/scheduler.ts';
import type { OperationDeps } from './operations/operation.ts';
import { freeBytes } from './store/data-directory.ts';
import { openHeadFile } from './store/head-file.ts';
import { databaseTime, EPOCH_CHANNEL } from './store/vaults.ts';
import { oldestCurrentSeconds } from './store/version-age.ts';
import type { Log } from './telemetry/log.ts';
import { type Metrics, NO_METRICS } from './telemetry/metrics.ts';
import { Approvals } from './vault/approvals.ts';
import { createAuditLog } from './vault/audit/audit-log.ts';
import { verifyAudit } from './vault/audit/verify.ts';
import { Authority } from './vault/authority.ts';
import { AutomaticFreeze } from './vault/automatic-freeze.ts';
import { Credentials } from './vault/credential.ts';
import { fieldHash } from './vault/keyed-hash.ts';
import { DecoysAtDoor } from './vault/decoys-at-door.ts';
import { Lease } from './vault/lease.ts';
import { Minting } from './vault/minting.ts';
import { Rotations } from './vault/rotation.ts';
import { Tokens } from './vault/tokens.ts';

/** What differs between a server and a test: clocks, randomness, name look-ups. */
export interface World {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Asks a person; twice where the passphrase is a new one. */
  readonly passphrase?: (isNew: boolean) => Promise<string>;
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

const VERSION = packageVersion();
/** How long administrative answers may take to end once calls have drained. */
const ANSWERS_LIMIT_MS = 2000;

/** `ground` is closed with the app, and when this fails. */
export async function compose(config: ServerConfig, world: World, ground?: Ground): Promise<App> {
  const ids: IdSource = { clock: world.clock, randomness: world.randomness };
  const { closers, ...base } = ground ?? (await openGround(config, ids, world.log));
  try {
    const installation = await openInstallation(config, world, { ids, ...base, closers });
    const vault = await openVault(config, world, { ...installation, closers });
    return await openApp(config, world, { ...installation, ...vault, closers });
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** What decides and remembers: the audit log, the rights in memory and the lease that keeps them fresh. */
async function openVault(config: ServerConfig, { clock, log }: World, installation: Installation) {
  const { ids, database, keyring, vaultId, closers } = installation;
  const replica = newId(ids, 'rep');
  const headFile = openHeadFile(join(config.dataDirectory, 'audit-heads.json'));
  const macKey = keyring.systemKey('audit-mac').use((key) => Buffer.from(key));
  const headKeys = keyring.systemKey('audit-head').use((seed) => createSigningKeyPair(seed));
  const audit = await createAuditLog({
    database,
    macKey,
    headKey: headKeys.privateKey,
    ids,
    replica,
    headFile,
    installation: keyring.installation,
    version: VERSION,
    allowedRanges: config.egressAllowCidrs,
    onAlarm: (found) => log.error(found, 'integrity alarm'),
  });
  closers.add(() => audit.close());

  const onAlarm = (table: string, row: string) =>
    recordAlarm(
      { audit, log, vaultId },
      { table, row, reason: 'the row does not match its MAC and is ignored' },
    );
  const authority = new Authority({ database, clock, keyring, vaultId, onAlarm });
  const approvals = new Approvals({ ...installation, audit, onAlarm });
  const live = new LiveCalls();
  const notRenewed = (error: unknown) => log.warn({ error }, 'the lease was not renewed');
  const lease = new Lease({
    calls: database.calls,
    clock,
    replica,
    authority,
    isAlone: database.kind === 'embedded',
    auditHeads: () => audit.heads(),
    onPeerHeads: (heads) => {
      for (const head of heads) audit.observePeerHeads(head);
    },
    onBlind: () =>
      live.endAll(new Problem('database-unavailable', { detail: 'Rights are not known any more.' })),
    onError: notRenewed,
  });
  authority.onChange(() => live.endRevoked());
  const freezing = new AutomaticFreeze({ audit, authority, clock, keyring, lease, log });
  await lease.start();
  closers.add(() => lease.stop());
  const listening = await database.listen(
    EPOCH_CHANNEL,
    () => void lease.catchUp().catch((error: unknown) => log.warn({ error }, 'a change was not loaded')),
    () => void lease.renew().catch(notRenewed),
  );
  closers.add(() => listening.close());
  const verify = () => verifyAudit({ database, macKey, headPublicKey: headKeys.publicKey, headFile });
  return { replica, audit, approvals, authority, lease, live, freezing, verify };
}

type Vault = Awaited<ReturnType<typeof openVault>>;

/** How it is reached: the broker and the administrative operations behind the sockets, and the jobs beside them. */
async function openApp(config: ServerConfig, world: World, parts: Installation & Vault): Promise<App> {
  const { log } = world;
  const { ids, servers, database, keyring, authority, closers } = parts;
  const publicUrl = config.publicUrl ?? servers.url;
  const tokens = new Tokens({
    keyring,
    ids,
    authority,
    db: database.admin,
    issuer: publicUrl,
    tokenSeconds: config.tokenSeconds,
  });
  const measuring = await openMetrics(config, world, parts);
  const ownPlaces: OwnAddress[] = [];
  const broker = await openBroker(config, world, { ...parts, ...measuring, tokens, ownPlaces });
  const { live, credentials, metrics, freezing } = broker;
  freezing.onFrozen((target) => metrics.frozenByGuard(target));
  let isDraining = false;
  const calls = { broker, isDraining: () => isDraining, publicUrl };
  const onBound = addingTo(ownPlaces);
  const addresses = openServiceListeners({ authority, calls, settings: config, onBound });
  const operations = openOperations(config, world, { ...parts, ...broker, publicUrl, addresses });
  const readiness = createReadiness({
    ...world,
    ...parts,
    freeBytes: () => freeBytes(config.dataDirectory),
    isDraining: () => isDraining,
    databaseTime: () => databaseTime(database.calls),
  });
  servers.serve(
    createListener({
      ...calls,
      service: createService({ ...calls, operations, tokens: broker, readiness, log }),
      allowedHosts: allowedHosts(publicUrl, servers),
      callDomain: config.callDomain,
    }),
  );
  addresses.follow();
  const { rotations } = operations;
  const scheduler = startJobs(jobs({ ...world, ...parts, credentials, rotations }), log);
  closers.add(() => scheduler.stop());

  const close = once(async () => {
    isDraining = true;
    await live.drain(config.drainSeconds * 1000);
    // Administrative answers under way still need the database.
    await Promise.all([servers, addresses].map((open) => open.close(ANSWERS_LIMIT_MS)));
    await closers.close();
  });
  const { socketPath, isFirstStart, lease } = parts;
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

function openOperations(
  config: ServerConfig,
  { clock, log }: World,
  parts: Installation &
    Vault &
    Pick<BrokerDeps, 'tokens' | 'egress' | 'metrics'> &
    Pick<OperationDeps, 'addresses'> & { readonly publicUrl: string },
): OperationDeps {
  const { database, ids, keyring, vaultId, authority, lease, tokens, audit, replica, publicUrl } = parts;
  const { freezing, metrics } = parts;
  return {
    database,
    ids,
    keyring,
    vaultId,
    authority,
    lease,
    tokens,
    audit,
    approvals: parts.approvals,
    addresses: parts.addresses,
    rotations: new Rotations(parts),
    freezing,
    metrics,
    verifyAudit: parts.verify,
    onBackgroundFailure: (error) => log.error({ error }, 'an answer could not be finished'),
    server: {
      version: VERSION,
      replica,
      startedAt: clock.now(),
      rootKeyProvider: config.rootKeyProvider,
      publicUrl: () => publicUrl,
      exposedFiles: exposedFiles(config),
    },
  };
}

/** In the server's log at once, in the audit log as soon as it can be. */
function recordAlarm(
  { audit, log, vaultId }: Pick<Vault, 'audit'> & Pick<Installation, 'vaultId'> & { readonly log: Log },
  found: { readonly table: string; readonly row: string; readonly reason: string },
): void {
  log.error(found, 'integrity alarm');
  audit
    .append({ kind: 'integrity.alarm', vault: vaultId, principal: { type: 'system' }, ...found })
    .catch((error: unknown) => log.error({ error }, 'an alarm was not recorded'));
}

/** Where metrics are told, if anywhere. The code for it is loaded only then. */
async function openMetrics(
  config: ServerConfig,
  { log }: World,
  { ids, servers, database, vaultId, audit, lease, live, closers }: Installation & Vault,
): Promise<{ readonly metrics: Metrics; readonly metricsAddress?: OwnAddress }> {
  const { metricsListen } = config;
  if (metricsListen === undefined) return { metrics: NO_METRICS };
  const [{ createExposition }, { openMetricsListener }] = await Promise.all([
    import('./telemetry/prometheus.ts'),
    import('./http/metrics-listener.ts'),
  ]);
  const exposition = createExposition({
    version: VERSION,
    openCalls: () => live.count,
    auditQueue: () => audit.queued,
    isLeaseValid: () => lease.isValid(),
    isDatabaseUp: async () => (await inTime(databaseTime(database.calls))) !== undefined,
    oldestVersionSeconds: () => inTime(oldestCurrentSeconds(database.adminSql, vaultId)),
  });
  const requestId = () => newId(ids, 'req');
  const listener = await openMetricsListener({
    ...metricsListen,
    limits: config.httpLimits,
    exposition,
    requestId,
    publicUrl: config.publicUrl ?? servers.url,
    log,
  });
  closers.add(() => listener.close());
  return { metrics: exposition, metricsAddress: listener };
}

async function openBroker(
  config: ServerConfig,
  { clock, log, lookup }: World,
  parts: Installation &
    Vault &
    Awaited<ReturnType<typeof openMetrics>> & { readonly tokens: Tokens; readonly ownPlaces: OwnAddress[] },
): Promise<BrokerDeps> {
  const { ids, servers, database, keyring, audit, authority, lease, tokens, live, freezing, closers } = parts;
  const listeners = [servers, ...(parts.metricsAddress === undefined ? [] : [parts.metricsAddress])];
  const databases = [config.databaseUrl, config.migrationDatabaseUrl, config.listenDatabaseUrl];
  parts.ownPlaces.push(...(await ownAddresses(listeners, databases)));
  const policy: AddressPolicy = {
    allowedCidrs: config.egressAllowCidrs,
    alwaysBlocked: parts.ownPlaces,
  };
  const egress = createEgress({
    clock,
    policy,
    ca: config.egressCa,
    proxy: config.egressProxy,
    defaultTimeouts: DEFAULT_TIMEOUTS,
    resolver: createResolver({ clock, ...(lookup === undefined ? {} : { lookup }) }),
  });
  closers.add(() => egress.close());
  const minting = new Minting({
    ...parts,
    egress,
    onFailure: (secret, { message, internal }) =>
      log.warn({ secret, reason: message, internal }, 'a secret gives no access token'),
  });
  closers.add(() => minting.close());
  const credentials = new Credentials({
    calls: database.calls,
    authority,
    keyring,
    minting,
    clock,
    cacheSeconds: config.valueCacheSeconds,
    onAlarm: (row, reason) =>
      recordAlarm({ audit, log, vaultId: parts.vaultId }, { table: 'secret', row, reason }),
  });
  closers.add(() => credentials.close());
  const credentialShapes = once(() => shapeTable(readKeyPatterns()));
  return {
    ids,
    authority,
    lease,
    tokens,
    credentials,
    minting,
    audit,
    approvals: parts.approvals,
    egress,
    live,
    log,
    metrics: parts.metrics,
    failures: new FailureLimit(clock),
    canary: new Canary(clock),
    placeholderLooks: new PlaceholderLooks(authority, (id) => readEntry(id)?.placeholder),
    decoysAtDoor: new DecoysAtDoor({ ...parts, clock, log }),
    repeatedLeaks: new RepeatedLeaks(clock, database),
    credentialShapes,
    freezing,
    content: new ContentGuards(credentialShapes),
    texts: textGuards(authority, log),
    heldBodies: new HeldBodies(),
    fieldHash: (field) => fieldHash(keyring, field),
  };
}

/** Makes itself ready as soon as there is a service that wants text looked at, so that no call waits for it. */
function textGuards(authority: Authority, log: Log): TextGuards {
  const guards = new TextGuards();
  const prepare = () =>
    void guards
      .prepareFor(() => authority.services())
      .catch((error: unknown) => log.error({ error }, 'the rules on text could not be made ready'));
  authority.onChange(prepare);
  prepare();
  return guards;
}

/** What a program of the same user could read. */
function exposedFiles(config: ServerConfig): string[] {
  const { dataDirectory, rootKeyProvider, rootKeyFile, ownerCredentialFile } = config;
  return [dataDirectory, ...(rootKeyProvider === 'file' ? [rootKeyFile] : []), ownerCredentialFile];
}

function once<T extends object>(work: () => T): () => T {
  let result: T | undefined;
  return () => (result ??= work());
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version; // our own file, beside the code
}
