// Large bodies through a server of its own: what it keeps of them, seen from outside. DOORWARD_TEST_BODY_MIB=1024 sends a
// gibibyte each way; the bound is the same for every size.
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, type Server as Doorward } from './server.ts';

const MiB = 1024 * 1024;
const SIZE_MIB = Number(process.env['DOORWARD_TEST_BODY_MIB'] ?? 128);
const WARM_MIB = 32;
const MOST_EXTRA_MIB = 64;
const PIECE = Buffer.alloc(MiB, 'a piece of a large body, nothing of which is kept. ');

describe('a large body', () => {
  let installation: Installation;
  let doorward: Doorward;
  let upstream: Server;
  let token: string;

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      if (request.method === 'POST') {
        let bytes = 0;
        request.on('data', (chunk: Buffer) => (bytes += chunk.length));
        request.on('end', () => response.end(String(bytes)));
        return;
      }
      const total = Number(new URL(request.url ?? '', 'http://upstream').searchParams.get('mib'));
      void writePieces(response, total).then(() => response.end());
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    installation = await createInstallation();
    doorward = await installation.serve();
    token = await doorward.setUp(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
    await move('down', WARM_MIB);
    await move('up', WARM_MIB);
  }, 240_000);
  afterAll(async () => {
    await installation?.remove();
    upstream?.closeAllConnections();
    upstream?.close();
  });

  /** Bytes that arrived at the far end. */
  async function move(direction: 'up' | 'down', mib: number): Promise<number> {
    const { hostname, port } = new URL(doorward.url);
    const request = httpRequest({
      hostname,
      port,
      method: direction === 'up' ? 'POST' : 'GET',
      path: `/call/vendor/body?mib=${mib}`,
      headers: { authorization: `Bearer ${token}` },
    });
    if (direction === 'up') await writePieces(request, mib);
    request.end();
    const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>];
    let bytes = 0;
    let text = '';
    for await (const chunk of response) {
      bytes += chunk.length;
      if (direction === 'up') text += chunk.toString();
    }
    return direction === 'up' ? Number(text) : bytes;
  }

  it.each(['down', 'up'] as const)(
    'goes %s whole within 64 MiB of extra memory',
    async (direction) => {
      const before = residentMib(doorward.pid);
      let most = before;
      const watching = setInterval(() => (most = Math.max(most, residentMib(doorward.pid))), 50);
      const bytes = await move(direction, SIZE_MIB);
      clearInterval(watching);
      expect(bytes).toBe(SIZE_MIB * MiB);
      expect(most - before).toBeLessThan(MOST_EXTRA_MIB);
      process.stderr.write(`${SIZE_MIB} MiB ${direction}: ${(most - before).toFixed(1)} MiB more\n`);
    },
    300_000,
  );
});

async function writePieces(
  to: { write(chunk: Buffer): boolean; once(event: 'drain' | 'close', done: () => void): unknown },
  count: number,
): Promise<void> {
  for (let left = count; left > 0; left -= 1) {
    if (!to.write(PIECE)) await new Promise<void>((resolve) => to.once('drain', resolve));
  }
}

function residentMib(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) / 1024;
}
