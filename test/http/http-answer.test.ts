// When the bytes of an answer go out: what it begins with at the end of the turn of the event loop, everything else at once.
// A real server and real connections; the answers are driven by hand.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HeaderPairs } from '../../src/core/headers.ts';
import type { Id } from '../../src/core/ids.ts';
import { HttpAnswer } from '../../src/http/http-answer.ts';

const ID = 'req_01h455vb4pex5vsknk084sn02q' as Id<'req'>;
const HELLO = Buffer.from('hello');
const MORE = Buffer.from(' and more');
const LONG = Buffer.alloc(20_000, 'x');

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: HttpAnswer;
  /** Bytes of the answer that were written to its connection. */
  readonly sent: () => number;
}

const asked: Asked[] = [];
let wake: (() => void) | undefined;
const server = createServer((request, response) => {
  const answer = new HttpAnswer({ request, response, id: ID });
  asked.push({ request, response, answer, sent: () => request.socket.bytesWritten });
  wake?.();
});
const clients: Socket[] = [];

/** Asks on connections of their own; the answers in the order of the questions. */
async function ask(count: number): Promise<{ answers: Asked[]; heard: (() => string)[] }> {
  const heard: (() => string)[] = [];
  for (let i = 0; i < count; i += 1) {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push(client);
    let text = '';
    client.on('data', (chunk) => (text += chunk.toString('latin1')));
    client.on('error', () => undefined);
    heard.push(() => text);
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    while (asked.length <= i) await new Promise<void>((resolve) => (wake = resolve));
  }
  return { answers: asked.splice(0), heard };
}

async function askOne(): Promise<Asked & { heard: () => string }> {
  const { answers, heard } = await ask(1);
  const [one] = answers;
  const [hears] = heard;
  if (one === undefined || hears === undefined) throw new Error('nobody was asked');
  return { ...one, heard: hears };
}

const begin = ({ answer }: Asked, ...headers: HeaderPairs) =>
  answer.head({ status: 200, statusText: 'OK', headers });
const lengthOf = (...parts: Buffer[]) => ['content-length', String(Buffer.concat(parts).length)] as const;
const bodyOf = (text: string) => text.slice(text.indexOf('\r\n\r\n') + 4);

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  for (const client of clients) client.destroy();
  server.close();
});

beforeEach(() => {
  asked.length = 0;
});

describe('in the turn in which it begins', () => {
  test('whole answers wait for its end, all of them', async () => {
    const { answers, heard } = await ask(3);
    for (const one of answers) {
      begin(one, lengthOf(HELLO));
      expect(one.answer.write(HELLO)).toBe(true);
      one.answer.end([]);
      expect(one.answer.hasBegun).toBe(true);
    }
    expect(answers.map(({ sent }) => sent())).toEqual([0, 0, 0]);
    await turn();
    await expect.poll(() => heard.map((text) => bodyOf(text()))).toEqual(['hello', 'hello', 'hello']);
    for (const text of heard) expect(text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    for (const { response } of answers) expect(response.writableEnded).toBe(true);
  });

  test.each([
    ['none', [], ''],
    ['one', [HELLO], 'hello'],
    ['two', [HELLO, MORE], 'hello and more'],
    ['a long one', [LONG], String(LONG)],
    ['a long one after a short one', [HELLO, LONG, MORE], `hello${String(LONG)} and more`],
  ])('pieces of the body keep their order: %s', async (_, pieces, body) => {
    const { answer, heard, ...one } = await askOne();
    begin({ answer, ...one }, lengthOf(...pieces));
    for (const piece of pieces) answer.write(piece);
    answer.end([]);
    await expect.poll(() => bodyOf(heard())).toBe(body);
  });

  test('trailers come after the body', async () => {
    const one = await askOne();
    begin(one, ['trailer', 'x-sum']);
    one.answer.write(HELLO);
    one.answer.end([['x-sum', '5']]);
    await expect.poll(() => bodyOf(one.heard())).toBe('5\r\nhello\r\n0\r\nx-sum: 5\r\n\r\n');
  });
});

describe('an answer that goes on', () => {
  test('is begun without a body', async () => {
    const one = await askOne();
    begin(one, ['content-type', 'text/event-stream']);
    await expect.poll(one.heard).toMatch(/\r\n\r\n$/);
  });

  test('is begun with the piece that there is, and sends the next ones in the turn in which they come', async () => {
    const one = await askOne();
    begin(one, lengthOf(HELLO, MORE));
    one.answer.write(HELLO);
    await expect.poll(() => bodyOf(one.heard())).toBe('hello');
    const before = one.sent();
    one.answer.write(MORE);
    await Promise.resolve();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect(one.sent() - before).toBe(MORE.length);
    one.answer.end([]);
    await expect.poll(() => bodyOf(one.heard())).toBe('hello and more');
  });
});

describe('an answer that breaks off', () => {
  test.each([
    ['before anything was sent', false],
    ['after something was sent', true],
  ])('is never whole: %s', async (_, hasSent) => {
    const one = await askOne();
    begin(one, lengthOf(HELLO, MORE));
    one.answer.write(HELLO);
    if (hasSent) await expect.poll(() => bodyOf(one.heard())).toBe('hello');
    one.answer.abort();
    await once(one.response, 'close');
    await turn();
    expect(bodyOf(one.heard())).toBe(hasSent ? 'hello' : '');
    expect(one.response.writableEnded).toBe(false);
  });

  test('tells that its caller has gone, and no more is sent', async () => {
    const one = await askOne();
    let gone = 0;
    one.answer.onGone(() => (gone += 1));
    begin(one, lengthOf(HELLO));
    one.answer.write(HELLO);
    one.request.socket.destroy();
    one.answer.end([]);
    await once(one.response, 'close');
    expect(gone).toBe(1);
    expect(one.sent()).toBe(0);
    expect(one.heard()).toBe('');
  });
});
