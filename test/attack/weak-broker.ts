// A broker that is weak on purpose, as a target of the suite: it knows whom it serves, and passes everything on. It resolves
// dot segments, follows redirects, hands every answer through, and takes back no rights that it once gave.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { LogEntry, Standing, Target, Wanted } from '../../src/attack/target.ts';

interface Registered extends Standing {
  readonly upstream: string;
}

export async function startWeakBroker(): Promise<Target> {
  const services = new Map<string, Registered>();
  const log: LogEntry[] = [];
  const server = createServer((request, response) => {
    const [, service = '', rest = '/'] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const standing = services.get(service);
    if (standing === undefined || request.headers.authorization !== `Bearer ${standing.token}`) {
      response.writeHead(401).end();
      return;
    }
    const id = String(log.length);
    const entry = { service, agent: standing.agent, reason: undefined, text: `${service} ${rest}` };
    log.push({ ...entry, id, of: undefined, kind: 'sent' });
    const authorization = `Bearer ${standing.value}`;
    const passOn = async () => {
      const answer = await fetch(new URL(rest, standing.upstream), { headers: { authorization } });
      const headers = Object.fromEntries(
        [...answer.headers].filter(([name]) => !/^content-|^transfer-/.test(name)),
      );
      response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()));
    };
    passOn()
      .catch(() => response.writeHead(502).end())
      .finally(() => log.push({ ...entry, id: `${id}-end`, of: id, kind: 'ended' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const nothing = () => Promise.resolve();
  return {
    name: 'a broker that is weak on purpose',
    capabilities: new Set(['admin-api']),
    addresses: [`http://127.0.0.1:${port}`],
    setUp: async ({ upstream, value = randomBytes(24).toString('hex') }: Wanted) => {
      const name = `s${services.size}`;
      const token = randomBytes(8).toString('hex');
      const standing = {
        secret: name,
        service: name,
        agent: name,
        agentKey: token,
        value,
        token,
        path: `/${name}`,
      };
      services.set(name, { ...standing, upstream });
      return Promise.resolve(standing);
    },
    token: (agent) => Promise.resolve(services.get(agent)?.token ?? ''),
    freeze: nothing,
    unfreeze: nothing,
    isFrozen: () => Promise.resolve(false),
    rotate: nothing,
    removeGrant: nothing,
    mark: () => Promise.resolve(String(log.length)),
    logSince: (mark) => Promise.resolve(log.slice(Number(mark))),
    verifyLog: () => Promise.resolve({ isWhole: true, trouble: '' }),
    admin: () => Promise.resolve({ status: 404, body: {}, text: '' }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
