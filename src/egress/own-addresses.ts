// The addresses of this installation itself, its listeners and its database: no call is ever sent there.
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';

export interface OwnAddress {
  readonly address: string;
  readonly port: number;
}

/** `listeners` as they are bound; one on every interface is each of this machine's addresses. */
export async function ownAddresses(
  listeners: readonly OwnAddress[],
  databaseUrls: readonly (string | undefined)[],
): Promise<readonly OwnAddress[]> {
  const own = listeners.flatMap((listener) =>
    isUnspecified(listener.address)
      ? [listener, ...localAddresses().map((address) => ({ address, port: listener.port }))]
      : [listener],
  );
  for (const url of databaseUrls) own.push(...(await databaseAddresses(url ?? '')));
  return own;
}

/** Keeps what is listened on beside what `places` holds now, however often that changes. */
export function addingTo(places: OwnAddress[]): (bound: readonly OwnAddress[]) => Promise<void> {
  const fixed = places.length;
  return async (bound) => {
    places.splice(fixed, places.length, ...(await ownAddresses(bound, [])));
  };
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function localAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.map(({ address }) => address.replace(/%.*$/, '')); // without the zone of a link-local one
}

/** Every host of a Postgres URL, which may name several. A socket's directory is no address. */
async function databaseAddresses(url: string): Promise<OwnAddress[]> {
  const hosts = /^[^:]+:\/\/(?:[^@/?]*@)?([^/?]*)/.exec(url)?.[1] ?? '';
  const found: OwnAddress[] = [];
  for (const part of hosts.split(',')) {
    const [, bracketed, plain, port = '5432'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(part) ?? [];
    const host = bracketed ?? plain;
    if (host === undefined) continue;
    const addresses = await lookup(host, { all: true }).catch(() => []);
    for (const { address } of addresses) found.push({ address, port: Number(port) });
  }
  return found;
}
