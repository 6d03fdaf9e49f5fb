// Listeners of single services, for clients that take a host and a port and no path. They follow the services as this
// replica knows them; one that can not listen says so, and nothing else fails for it.
import { chmod, lstat, unlink } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Service } from '../core/entities.ts';
import { type Id, newId } from '../core/ids.ts';
import { type ListenAddress, parseListenAddress } from '../core/listen-address.ts';
import { Problem } from '../core/problem.ts';
import type { Log } from '../telemetry/log.ts';
import { createHttpServer, type HttpLimits, type HttpServer } from './http-server.ts';
import { callUrlOf } from './call-domain.ts';
import { type CallListenerDeps, createServiceListener, LOOPBACK_NAMES } from './listener.ts';
import { hostOf, listen } from './server.ts';

type ListeningService = Pick<Service, 'id' | 'name' | 'listen' | 'origin'>;

interface ServiceListenersDeps {
  /** As this replica knows them now. */
  readonly services: () => readonly ListeningService[];
  readonly listener: (served: {
    readonly service: string;
    readonly isHost: (host: string) => boolean;
  }) => RequestListener;
  /** Where a service is called without a listener of its own. */
  readonly otherUrlOf: (service: string) => string | undefined;
  /** What is bound now: no call may be sent there. */
  readonly onBound: (
    addresses: readonly { readonly address: string; readonly port: number }[],
  ) => Promise<void>;
  readonly limits: HttpLimits;
  readonly requestId: () => Id<'req'>;
  readonly publicUrl: string;
  readonly log: Log;
}

/** Listeners that follow the rights in memory from `follow` on. */
export function openServiceListeners({
  authority,
  calls,
  settings,
  onBound,
}: Pick<ServiceListenersDeps, 'onBound'> & {
  readonly authority: {
    services(): readonly ListeningService[];
    onChange(listener: () => void): unknown;
  };
  readonly calls: CallListenerDeps;
  readonly settings: { readonly callDomain: string | undefined; readonly httpLimits: HttpLimits };
}): ServiceListeners {
  const { broker, publicUrl } = calls;
  const listeners = new ServiceListeners({
    services: () => authority.services(),
    listener: (served) => createServiceListener(calls, served),
    otherUrlOf: (service) => callUrlOf(service, { publicUrl, domain: settings.callDomain }),
    onBound,
    limits: settings.httpLimits,
    requestId: () => newId(broker.ids, 'req'),
    publicUrl,
    log: broker.log,
  });
  authority.onChange(() => listeners.follow());
  return listeners;
}

interface Entry {
  readonly service: ListeningService;
  readonly http: HttpServer;
  readonly url: string;
  readonly bound: { readonly address: string; readonly port: number } | undefined;
}

/** How long answers may take to end where a listener goes. */
const CLOSING_MS = 200;
const RETRY_MS = 5000;

class ServiceListeners {
  readonly #deps: ServiceListenersDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #trouble = new Map<string, string>();
  #task: Promise<void> = Promise.resolve();
  #retrying: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(deps: ServiceListenersDeps) {
    this.#deps = deps;
  }

  /** Brings the listeners in line with the services, one change after the other. */
  follow(): void {
    this.#task = this.#after(this.#task);
  }

  async #after(earlier: Promise<void>): Promise<void> {
    await earlier;
    if (this.#isClosed) return;
    try {
      await this.#bring();
    } catch (error) {
      this.#deps.log.error({ error }, 'the listeners of services could not be brought in line');
    }
  }

  async settled(): Promise<void> {
    await this.#task;
  }

  addressOf({ id, name }: { readonly id: string; readonly name: string }): string | undefined {
    return this.#entries.get(id)?.url ?? this.#deps.otherUrlOf(name);
  }

  troubleOf({ id }: { readonly id: string }): string | undefined {
    return this.#trouble.get(id);
  }

  async close(limitMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retrying);
    await this.#task;
    await Promise.all([...this.#entries.values()].map(({ http }) => http.close(limitMs)));
    this.#entries.clear();
  }

  async #bring(): Promise<void> {
    const wanted = new Map(
      this.#deps.services().flatMap((service) => (service.listen === null ? [] : [[service.id, service]])),
    );
    for (const [id, { service, http }] of this.#entries) {
      if (isSame(service, wanted.get(service.id))) continue;
      this.#entries.delete(id);
      await http.close(CLOSING_MS);
    }
    this.#trouble.clear();
    for (const service of wanted.values()) if (!this.#entries.has(service.id)) await this.#open(service);
    const bound = [...this.#entries.values()].flatMap((entry) => entry.bound ?? []);
    await this.#deps.onBound(bound);
    clearTimeout(this.#retrying);
    if (this.#trouble.size > 0) this.#retrying = setTimeout(() => this.follow(), RETRY_MS).unref();
  }

  async #open(service: ListeningService): Promise<void> {
    try {
      this.#entries.set(service.id, await this.#listen(service, parseListenAddress(service.listen ?? '')));
    } catch (error) {
      const sentence = error instanceof Problem ? error.message : 'This address can not be listened on.';
      this.#trouble.set(service.id, sentence);
      this.#deps.log.warn({ service: service.name, trouble: sentence, error }, 'a service does not listen');
    }
  }

  async #listen(service: ListeningService, where: ListenAddress): Promise<Entry> {
    const { limits, requestId, publicUrl } = this.#deps;
    let names: ReadonlySet<string> = new Set();
    const http = createHttpServer({
      limits,
      listener: this.#deps.listener({ service: service.name, isHost: (host) => names.has(host) }),
      requestId,
      publicUrl: () => publicUrl,
    });
    if (where.kind === 'unix') {
      names = vendorNames(service);
      await listenOnSocket(http, where.path);
      return { service, http, url: `unix:${where.path}`, bound: undefined };
    }
    http.server.on('connection', (socket) => socket.remoteAddress ?? socket.destroy());
    await listen(http.server, { host: where.host, port: where.port }).catch(inWords(service.listen ?? ''));
    const { address, port } = http.server.address() as AddressInfo; // a TCP server has one
    names = ownNames(hostOf(where.host), port, publicUrl);
    return { service, http, url: `http://${hostOf(where.host)}:${port}`, bound: { address, port } };
  }
}

function isSame(before: ListeningService, after: ListeningService | undefined): boolean {
  return (
    after !== undefined &&
    before.listen === after.listen &&
    before.name === after.name &&
    before.origin.host === after.origin.host
  );
}

/** By which a client may call it: against DNS rebinding no other name will do. */
function ownNames(host: string, port: number, publicUrl: string): ReadonlySet<string> {
  const names = [...LOOPBACK_NAMES, host, new URL(publicUrl).hostname];
  return new Set(names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])));
}

/** No page reaches a unix socket; clients that dial one go on calling the vendor by its name. */
function vendorNames({ name, origin }: ListeningService): ReadonlySet<string> {
  return new Set(['', 'localhost', name, origin.host, `${origin.host}:${origin.port}`]);
}

/** Takes the place of a socket that nobody listens on any more, and of nothing else. */
async function listenOnSocket({ server }: HttpServer, path: string): Promise<void> {
  try {
    await listen(server, { path });
  } catch (error) {
    if (!(await isAbandonedSocket(path))) inWords(path)(error);
    await unlink(path);
    await listen(server, { path }).catch(inWords(path));
  }
  await chmod(path, 0o600);
}

async function isAbandonedSocket(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return false;
  return await new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

function inWords(address: string): (error: unknown) => never {
  return (error) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new Problem('not-ready', {
      detail: `Can not listen on ${address}: ${REASONS[code] ?? 'this machine refuses it'}.`,
      cause: error,
    });
  };
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already. It is tried again every five seconds',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the host name is not known',
  ENOENT: 'its directory is not there',
};
