// A TCP relay on loopback that can be made to swallow everything, as a network does, or to cut its connections.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  /** `url` with this relay's address in place of its own. */
  through(url: string): string;
  /** Nothing comes through any more, and nothing says so. New connections are taken and left alone. */
  stall(): void;
  /** What was held back goes on its way. */
  resume(): void;
  /** Ends every connection. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isStalled = false;
  const server = createServer((near) => {
    const far = connect(target);
    const pair = [near, far] as const;
    pairs.add(pair);
    const relay = (from: Socket, to: Socket) => {
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => isStalled || from.resume());
      if (isStalled) from.pause();
    };
    relay(near, far);
    relay(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = () => [...pairs].flat();
  return {
    through: (url) => {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(port);
      return changed.href;
    },
    stall: () => {
      isStalled = true;
      for (const socket of sockets()) socket.pause();
    },
    resume: () => {
      isStalled = false;
      for (const socket of sockets()) socket.resume();
    },
    cut: () => {
      for (const socket of sockets()) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The address a database URL leads to. */
export function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
