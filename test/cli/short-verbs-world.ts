// A real server for the short verbs, and a vendor that takes the good keys, wherever they stand.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Exited } from './process.ts';
import { type CliWorld, createCliWorld } from './world.ts';

export const KEY = `sk-proj-${'Zk3Vq9ZtR7bLw5Ns8Ya1'.repeat(2)}`;
export const ANTHROPIC_KEY = `sk-ant-api03-${'k'.repeat(92)}-AA`;

export interface ShortVerbs {
  readonly world: CliWorld;
  readonly vendor: Vendor;
  readonly doorward: CliWorld['doorward'];
  /** Throws where the command does not end well. */
  succeed(argv: readonly string[], input?: string): Promise<Exited>;
  /** Everything of a noun, a name on each line. */
  names(noun: string): Promise<string>;
  /** Removes a service and its secret. */
  forget(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function createShortVerbs(): Promise<ShortVerbs> {
  const world = await createCliWorld();
  const vendor = await startVendor();
  const succeed: ShortVerbs['succeed'] = async (argv, input = '') => {
    const ended = await world.doorward(argv, { input });
    if (ended.code !== 0) throw new Error(`doorward ${argv.join(' ')}: ${ended.stderr}${ended.stdout}`);
    return ended;
  };
  return {
    world,
    vendor,
    doorward: world.doorward,
    succeed,
    names: async (noun) => {
      const { items } = await world.admin('GET', `/v1/${noun}s`);
      return (items as { name: string }[]).map(({ name }) => name).join('\n');
    },
    forget: async (name) => {
      await world.admin('DELETE', `/v1/services/${name}`);
      await world.admin('DELETE', `/v1/secrets/${name}`);
    },
    close: async () => {
      await vendor.close();
      await world.close();
    },
  };
}

interface Vendor {
  readonly url: string;
  readonly seen: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

/** Takes the good keys, wherever they stand; echoes method and path. */
async function startVendor(): Promise<Vendor> {
  const seen: Vendor['seen'] = [];
  const good = new Set([`Bearer ${KEY}`, ANTHROPIC_KEY, `Basic ${btoa('AC1:token-of-twilio')}`, 'two-parts']);
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { url = '', headers, method } = request;
    seen.push({ url, headers });
    const shown = [headers.authorization, headers['x-api-key'], headers['x-token-secret']];
    const isGood = shown.some((value) => good.has(String(value)));
    request.resume().on('end', () => {
      response.writeHead(isGood ? 200 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ method, url, data: [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    seen,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
