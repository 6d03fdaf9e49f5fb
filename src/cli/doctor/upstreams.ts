// The services' upstreams: whether their names resolve to addresses calls may go to and, with --online, whether
// something answers there with a certificate that holds.
import { Problem } from '../../core/problem.ts';
import { protectionSettings } from '../../core/protection/protection.ts';
import type { TransportProtection } from '../../core/protection/transport.ts';
import { type Origin, parseBaseUrl } from '../../core/service.ts';
import {
  type Check,
  type Configured,
  fail,
  type Finding,
  pass,
  type Scene,
  withConfiguration,
} from './check.ts';
import { lookAt } from './database-answer.ts';

type Trust = Pick<TransportProtection, 'ca' | 'caUse' | 'minTls' | 'clientCertificate'>;

interface Upstream {
  readonly names: readonly string[];
  readonly origin: Origin;
  /** As its services have it; undefined where only the database was asked. */
  readonly trust: Trust | undefined;
}

const AT_ONCE = 8;

export const upstreams: Check = {
  name: 'upstreams',
  area: 'egress',
  run: withConfiguration(async (configured, scene) => {
    const found = await findUpstreams(configured);
    if (found === undefined) {
      return [
        pass(
          'The services of a stopped server with an embedded database are not known here: their upstreams were not tried',
        ),
      ];
    }
    const findings: Finding[] = [];
    for (let at = 0; at < found.length; at += AT_ONCE) {
      const some = found.slice(at, at + AT_ONCE);
      findings.push(...(await Promise.all(some.map((upstream) => judge(upstream, configured, scene)))));
    }
    return findings;
  }),
};

/** One for each address; from the server, else from the database. */
async function findUpstreams({ server, inspector }: Configured): Promise<readonly Upstream[] | undefined> {
  const view = await server();
  const told = view.state === 'answers' ? view.told?.services : undefined;
  const services: readonly (Omit<Upstream, 'names'> & { readonly name: string })[] | undefined =
    told?.map(({ name, baseUrl, protection }) => ({
      name,
      origin: parseBaseUrl(baseUrl).origin,
      trust: trustOf(protectionSettings(protection).transport),
    })) ??
    (await lookAt(() => inspector.database())).database?.installation?.services.map((service) => ({
      ...service,
      trust: undefined,
    }));
  if (services === undefined) return undefined;
  const byAddress = new Map<string, Upstream & { names: string[] }>();
  for (const { name, origin, trust } of services) {
    const key = `${originText(origin)} ${JSON.stringify(trust)}`;
    const known = byAddress.get(key);
    if (known === undefined) byAddress.set(key, { names: [name], origin, trust });
    else known.names.push(name);
  }
  return [...byAddress.values()];
}

function trustOf({ ca, caUse, minTls, clientCertificate }: TransportProtection): Trust {
  return { ca, caUse, minTls, clientCertificate };
}

async function judge(
  { names, origin, trust }: Upstream,
  { inspector }: Configured,
  { isOnline }: Scene,
): Promise<Finding> {
  const what = `${names.join(', ')}: ${originText(origin)}`;
  try {
    const addresses = await inspector.resolve(origin);
    if (!isOnline) return pass(`${what} has addresses that calls may go to`);
    if ((trust?.clientCertificate ?? null) !== null) {
      return pass(`${what} asks for a client certificate, which is not opened here: it was not connected to`);
    }
    const tls = trust === undefined ? undefined : { ...trust, clientCertificate: undefined };
    await inspector.connect(origin, addresses[0] ?? '', tls);
    return pass(
      `${what} ${origin.scheme === 'https' ? 'answers, with a certificate that holds' : 'answers'}`,
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return fail(
      `${what}: ${error.message}`,
      'Calls to it fail with the same message. Correct the service, the name service or the way out',
    );
  }
}

function originText({ scheme, host, port }: Origin): string {
  return `${scheme}://${host}:${port}`;
}
