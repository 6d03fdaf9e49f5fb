// Which service a URL calls: an address of this broker, the listener of a service, or the vendor's own. Nothing is read by a
// URL parser that a call would not be read by.
import type { Service } from '../core/entities.ts';
import { Problem } from '../core/problem.ts';
import type { OperationDeps } from './operation.ts';

export interface Called {
  /** Undefined: a service of that name is not among those that were given. */
  readonly service: Service | undefined;
  /** Path and query below the service, as they stand in the URL. */
  readonly target: string;
  readonly isWebSocket: boolean;
}

interface UrlParts {
  readonly origin: string;
  readonly target: string;
  readonly isWebSocket: boolean;
}

const URL_TEXT =
  /^(https?|wss?):\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?([/?][^#]*)?(?:#.*)?$/i;
const CALL = /^\/call\/([^/?]*)((?:\/[^?]*)?(?:\?.*)?)$/;
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** The likeliest first; none: no service of these is at that address. Throws `invalid-input`. */
export function findCalled(
  deps: Pick<OperationDeps, 'server' | 'addresses'>,
  url: string,
  services: readonly Service[],
): readonly Called[] {
  const parts = url.startsWith('/') ? { origin: '', target: url, isWebSocket: false } : partsOf(url);
  const { target, isWebSocket } = parts;
  if (parts.origin === '' || isOwn(deps, parts.origin)) {
    const [, name, rest = ''] = CALL.exec(target) ?? [];
    if (name === undefined) throw wrong('an address of this broker calls something below /call/SERVICE/');
    return [{ service: services.find((one) => one.name === name), target: rest, isWebSocket }];
  }
  const listening = services.find((service) => {
    const address = deps.addresses.addressOf(service);
    return address?.startsWith('http') === true && partsOf(address).origin === parts.origin;
  });
  if (listening !== undefined) return [{ service: listening, target, isWebSocket }];
  return services
    .filter((service) => originOf(service) === parts.origin && isBelow(service.basePath, target))
    .toSorted((one, other) => other.basePath.length - one.basePath.length)
    .map((service) => ({ service, target: target.slice(service.basePath.length), isWebSocket }));
}

function partsOf(url: string): UrlParts {
  const [, scheme = '', host = '', port, target = '/'] = URL_TEXT.exec(url) ?? [];
  if (host === '') {
    throw wrong('a URL such as https://api.openai.com/v1/models, or /call/openai/v1/models');
  }
  const kind = scheme.toLowerCase().replace('ws', 'http');
  return {
    origin: `${kind}://${host.toLowerCase()}:${port ?? PORTS[kind] ?? ''}`,
    target: target.startsWith('?') ? `/${target}` : target,
    isWebSocket: scheme.toLowerCase().startsWith('ws'),
  };
}

function isOwn({ server }: Pick<OperationDeps, 'server'>, origin: string): boolean {
  const own = partsOf(server.publicUrl()).origin;
  const port = own.slice(own.lastIndexOf(':'));
  return origin === own || LOOPBACK.some((host) => origin === `http://${host}${port}`);
}

function originOf({ origin: { scheme, host, port } }: Service): string {
  return `${scheme}://${host}:${port}`;
}

function isBelow(basePath: string, target: string): boolean {
  return target.startsWith(basePath) && /^(?:$|[/?])/.test(target.slice(basePath.length));
}

function wrong(sentence: string): Problem {
  return new Problem('invalid-input', { detail: `url: ${sentence}.` });
}
