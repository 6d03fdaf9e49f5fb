// Calls that are dialling while their secret is rotated without a grace period: what their intent names may not be sent any
// more, so nothing is sent under it, and the call goes out under another intent.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../egress/upstreams.ts';
import { testDatabases } from '../support/database.ts';
import { collect } from '../support/raw-http.ts';
import { createVendor, keyOf, type Vendor } from '../support/rotating-vendor.ts';
import { createWorld } from '../support/world.ts';

const [embedded] = testDatabases();
const MB = 1024 * 1024;

interface Dialling {
  readonly vendor: Vendor;
  /** What came to the upstream. */
  readonly heard: readonly { readonly key: string; readonly body: Buffer }[];
  /** Resolves when a connection waits in front of the door. */
  readonly waits: () => Promise<void>;
  readonly refuse: (key: string) => void;
  /** Lets in who waits and who comes; or the next one only. */
  readonly open: (options?: { readonly forOne: boolean }) => void;
}

/** A TLS upstream behind a door: connections that wait there have no handshake, so nothing of their request is written. */
async function openDialling(): Promise<Dialling> {
  if (embedded === undefined) throw new Error('there is always an embedded database');
  const authority = createAuthority();
  const heard: { readonly key: string; readonly body: Buffer }[] = [];
  const upstream = createHttpsServer(authority.issue({ names: 'IP:127.0.0.1' }), (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const key = keyOf(request.headers);
      heard.push({ key, body: Buffer.concat(chunks) });
      response.writeHead(refused.has(key) ? 401 : 200, { connection: 'close' }).end('ok');
    });
  });
  const refused = new Set<string>();
  const waiting: Socket[] = [];
  let isOpen = false;
  let isForOne = false;
  const door = createServer((socket) => {
    socket.on('error', () => undefined);
    if (isOpen) upstream.emit('connection', socket);
    else waiting.push(socket);
    isOpen = isOpen && !isForOne;
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const world = await createWorld({ database: embedded, config: { egressCa: [authority.ca] } });
  onTestFinished(async () => {
    await world.close();
    upstream.closeAllConnections();
    door.close();
  });
  const baseUrl = `https://127.0.0.1:${(door.address() as AddressInfo).port}`;
  return {
    vendor: await createVendor(world, { baseUrl }),
    heard,
    waits: () => expect.poll(() => waiting.length).toBe(1),
    refuse: (key) => refused.add(key),
    open: ({ forOne } = { forOne: false }) => {
      isOpen = true;
      isForOne = forOne;
      for (const socket of waiting.splice(0)) upstream.emit('connection', socket);
    },
  };
}

describe('a call that is dialling while its secret is rotated without a grace period', () => {
  test.each([
    ['without a body', () => Buffer.alloc(0), () => ['content-length', '0']],
    [
      'with a body in one piece',
      () => randomBytes(100),
      (length: number) => ['content-length', String(length)],
    ],
    ['with a long body', () => randomBytes(3 * MB), (length: number) => ['content-length', String(length)]],
    ['with a long body in chunks', () => randomBytes(3 * MB), () => ['transfer-encoding', 'chunked']],
  ])('%s goes out whole, with the new version and an intent that says so', async (_what, bodyOf, framing) => {
    const body = bodyOf();
    const { vendor, heard, waits, open } = await openDialling();
    const upload = vendor.upload(framing(body.length));
    upload.request.end(body);
    await waits();
    await vendor.rotate(0);
    open();
    const answer = await collect(await upload.response);
    expect([answer.status, answer.text()]).toEqual([200, 'ok']);
    expect(heard.map(({ key }) => key)).toEqual([vendor.fresh]);
    expect(heard[0]?.body.equals(body)).toBe(true);
    const { intents, outcomes, fallbacks } = await vendor.story(answer);
    expect(intents).toMatchObject([{ secret: { version: 1 } }, { secret: { version: 2 } }]);
    expect(outcomes).toMatchObject([
      { result: 'refused', problem: 'secret-unavailable', requestBytes: 0 },
      { result: 'answered', status: 200 },
    ]);
    expect(fallbacks).toEqual([]);
  });

  test.each([
    ['the agent is frozen', '/v1/agents/{name}/freeze', {}, 'frozen'],
    ['the secret is disabled', '/v1/secrets/{name}/disable', {}, 'secret-unavailable'],
  ])('for its second send is refused at its first byte when %s', async (_what, path, body, problem) => {
    const { vendor, heard, waits, refuse, open } = await openDialling();
    refuse(vendor.fresh);
    await vendor.rotate();
    open({ forOne: true });
    const calling = vendor.call();
    await waits(); // for the second connection
    await vendor.act('POST', path, body);
    open();
    const answer = await calling;
    expect(answer.json()['code']).toBe(problem);
    expect(heard.map(({ key }) => key)).toEqual([vendor.fresh]);
    const { intents, outcomes } = await vendor.story(answer);
    expect(intents).toMatchObject([{ secret: { version: 2 } }, { secret: { version: 1 } }]);
    expect(outcomes.map((outcome) => [outcome['status'], outcome['problem']])).toEqual([
      [401, undefined],
      [undefined, problem],
    ]);
  });

  test('is a 503 where no version is current any more', async () => {
    const { vendor, heard, waits, open } = await openDialling();
    const calling = vendor.call();
    await waits();
    await vendor.act('POST', '/v1/secrets/{name}/disable', {});
    open();
    const answer = await calling;
    expect([answer.status, answer.json()['code']]).toEqual([503, 'secret-unavailable']);
    expect(heard).toEqual([]);
  });
});
