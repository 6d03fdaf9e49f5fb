// Config → what there is to see, without opening anything for work: for `doorward doctor`. It reads, tries keys and
// dials; it changes nothing and leaves the data directory of a running server alone.
import type { ServerConfig } from './config.ts';
import type { AddressPolicy } from './core/ip-range.ts';
import type { Origin } from './core/service.ts';
import type { Clock } from './core/time.ts';
import { systemRandomness } from './crypto/randomness.ts';
import { ownAddresses } from './egress/own-addresses.ts';
import { createResolver } from './egress/resolve.ts';
import { proxiedOf } from './egress/proxied.ts';
import type { TlsSettings } from './egress/trust.ts';
import { tryConnection } from './egress/try-connection.ts';
import { ROOT_KEY_PROVIDERS } from './providers/root-keys/registry.ts';
import { requireServable } from './store/directory-marks.ts';
import { type DatabaseInspection, type InstallationInspection, inspectPostgres } from './store/inspect.ts';

export type { DatabaseInspection } from './store/inspect.ts';

export interface Inspector {
  /** What DATABASE_URL leads to; undefined where the database is embedded. Asked once. */
  database(): Promise<DatabaseInspection | undefined>;
  /** The same for the owning role of DOORWARD_MIGRATION_DATABASE_URL, or the direct address. Asked each time. */
  databaseAt(url: string): Promise<DatabaseInspection>;
  /** Throws the problem that keeps servers from this data directory: a restore that was cut off, a move to Postgres. */
  requireServable(): Promise<void>;
  /** Whether the configured root key opens a slot. Throws the problem that a start would end with. */
  opensSlot(installation: InstallationInspection): Promise<boolean>;
  /** Addresses of an upstream that calls may go to. Throws the problem a call would be answered with. */
  resolve(origin: Origin): Promise<readonly string[]>;
  /** Connects, with TLS where the scheme says so, and hangs up. Throws like `resolve`. */
  connect(origin: Origin, address: string, tls?: TlsSettings): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

export function createInspector(config: ServerConfig, clock: Clock): Inspector {
  const { databaseUrl, migrationDatabaseUrl, listenDatabaseUrl } = config;
  const resolver = createResolver({ clock });
  const inspect = (url: string, prepare: boolean) =>
    inspectPostgres({ url, prepare, now: () => clock.now() });
  let database: Promise<DatabaseInspection | undefined> | undefined;
  let policy: Promise<AddressPolicy> | undefined;
  const policyOnce = () =>
    (policy ??= ownAddresses(
      [{ address: config.listen.host, port: config.listen.port }],
      [databaseUrl, migrationDatabaseUrl, listenDatabaseUrl],
    ).then((alwaysBlocked) => ({ allowedCidrs: config.egressAllowCidrs, alwaysBlocked })));
  return {
    database: () =>
      (database ??=
        databaseUrl === undefined
          ? Promise.resolve(undefined)
          : inspect(databaseUrl, listenDatabaseUrl === undefined)), // as compose: what has a direct address is a pooler
    databaseAt: (url) => inspect(url, true),
    requireServable: () => requireServable(config.dataDirectory, databaseUrl === undefined),
    opensSlot: (installation) => opensSlot(config, installation),
    resolve: async ({ host, port }) => resolver.resolve(host, port, await policyOnce()),
    connect: async (origin, address, tls) => {
      const checked = await policyOnce();
      return await tryConnection({
        origin,
        address,
        policy: checked,
        ca: config.egressCa,
        tls,
        proxy: (
          await proxiedOf({ resolver, policy: checked, proxy: config.egressProxy }, origin, [address])
        )?.of(address),
        timeoutMs: CONNECT_TIMEOUT_MS,
      });
    },
  };
}

async function opensSlot(config: ServerConfig, installation: InstallationInspection): Promise<boolean> {
  const { rootKeyProvider, rootKeyFile, passphrase } = config;
  const provider = await ROOT_KEY_PROVIDERS[rootKeyProvider](
    {
      rootKeyFile,
      passphrase: passphrase === undefined ? undefined : () => Promise.resolve(passphrase),
      mayCreate: false,
    },
    systemRandomness(),
  );
  for (const slot of installation.slots) {
    if (slot.provider !== provider.name || slot.providerKeyId !== provider.keyId) continue;
    const storeKey = await provider.unwrap(slot, { installation: installation.id, slot: slot.id });
    storeKey?.fill(0);
    if (storeKey !== undefined) return true;
  }
  return false;
}
