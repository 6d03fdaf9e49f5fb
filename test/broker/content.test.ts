// Personal data and other content in both directions of real calls: told, masked, refused; and what the audit log keeps.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { open, send } from '../support/raw-http.ts';
import type { Respond } from '../support/upstream.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const VALUE = '9fK2mQ7xLw4TzR8vBn3HcJ6yPd5Zs0';
const CARD = '4111 1111 1111 1111';
describe('content in calls', () => {
  let world: World;
  let token: string;
  const url = () => world.apps[0]?.address ?? '';

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp({ value: VALUE });
    token = await world.token('robot', key);
  });
  beforeEach(() => {
    world.upstream.seen.length = 0;
  });
  afterAll(() => world?.close());

  async function protect(content: object | null, leaks?: object): Promise<void> {
    const protection = { content, ...(leaks === undefined ? {} : { leaks }) };
    const answer = await world.admin('PATCH', '/v1/services/vendor', { protection, acceptWeaker: true });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  }
  const answering =
    (contentType: string, body: string | Buffer, headers: object = {}): Respond =>
    (_request, response) => {
      const length = Buffer.byteLength(body);
      response
        .writeHead(200, { 'content-type': contentType, 'content-length': length, ...headers })
        .end(body);
    };
  const post = (body: string | Buffer, contentType = 'application/json', headers: readonly string[] = []) =>
    send(url(), '/call/vendor/v1/notes', {
      method: 'POST',
      headers: ['authorization', `Bearer ${token}`, 'content-type', contentType, ...headers],
      body,
    });
  const get = (path: string, headers: readonly string[] = []) =>
    send(url(), `/call/vendor${path}`, { headers: ['authorization', `Bearer ${token}`, ...headers] });
  const outcome = async () => (await world.events('call.outcome')).at(-1);
  const ask = `{"to":"jane@example.com","card":"${CARD}"}`;

  test('passes as it is where nobody asked for anything, and nothing is told', async () => {
    await protect(null);
    world.upstream.respond = answering('application/json', ask);
    expect((await post(ask)).text()).toBe(ask);
    expect(world.upstream.seen[0]?.body.toString()).toBe(ask);
    await expect.poll(outcome).toMatchObject({ result: 'answered' }); // the first call of all
    expect(await outcome()).not.toHaveProperty('flags');
    expect(await outcome()).not.toHaveProperty('preview');
  });

  test('is told by class and count, and passes', async () => {
    await protect({ request: 'flag', answer: { email: 'flag' } });
    world.upstream.respond = answering('application/json', `${ask}\n${ask}`);
    expect((await post(ask)).text()).toBe(`${ask}\n${ask}`);
    await expect.poll(outcome).toMatchObject({
      flags: [
        { direction: 'request', guard: 'content', rule: 'email', action: 'flag', count: 1 },
        { direction: 'request', guard: 'content', rule: 'card', action: 'flag', count: 1 },
        { direction: 'answer', guard: 'content', rule: 'email', action: 'flag', count: 2 },
      ],
    });
    expect(JSON.stringify(await world.events())).not.toMatch(/jane@|4111/);
  });

  test('is masked at the same length in an answer: JSON, bare numbers, headers, a coded body', async () => {
    await protect({ answer: 'mask' });
    const text = '{"to":"jane\\u0040example.com","card":4111111111111111,"ok":true}';
    const masked = '{"to":"****\\u0040example.com","card":9999999999991111,"ok":true}';
    world.upstream.respond = answering('application/json', text, { 'x-contact': 'jane@example.com' });
    const plain = await get('/v1/notes');
    expect(plain.text()).toBe(masked);
    expect(plain.header('content-length')).toBe(String(text.length));
    expect(plain.header('x-contact')).toBe('****@example.com');
    const coded = gzipSync(text);
    world.upstream.respond = answering('application/json', coded, { 'content-encoding': 'gzip' });
    expect((await get('/v1/notes')).text()).toBe(masked);
    world.upstream.respond = answering('image/png', ask);
    expect((await get('/v1/logo')).text()).toBe(ask);
  });

  test('is masked where hardly anybody looks: the reason phrase, trailers', async () => {
    await protect({ answer: 'mask' });
    world.upstream.respond = (_request, response) => {
      response.writeHead(200, 'for jane@example.com', { trailer: 'x-contact' });
      response.write('ok');
      response.addTrailers({ 'x-contact': 'jane@example.com' });
      response.end();
    };
    const answer = await get('/v1/contact');
    expect([answer.reason, answer.trailers['x-contact']]).toEqual(
      Array(2).fill(expect.stringMatching(/\*{4}@example\.com$/)),
    );
    await expect.poll(outcome).toMatchObject({
      flags: [{ direction: 'answer', guard: 'content', rule: 'email', action: 'mask', count: 2 }],
    });
  });

  test('is masked in a stream of events, none of which waits for the next', async () => {
    await protect({ answer: 'mask' });
    const sent: string[] = [];
    let more: (() => void) | undefined;
    world.upstream.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const events = ['the', ' address is jane@example.com', ` and ${CARD}`, 'bye 41'];
      more = () => {
        const event = events.shift();
        if (event === undefined) response.end();
        else response.write(`data: ${JSON.stringify({ delta: event })}\n\n`);
      };
      more();
    };
    const answer = await open(url(), '/call/vendor/v1/stream', {
      headers: ['authorization', `Bearer ${token}`],
    });
    for await (const chunk of answer) {
      sent.push(String(chunk));
      more?.(); // only now: an event that was held back would never come
    }
    expect(sent).toEqual([
      'data: {"delta":"the"}\n\n',
      'data: {"delta":" address is ****@example.com"}\n\n',
      'data: {"delta":" and **** **** **** 1111"}\n\n',
      'data: {"delta":"bye 41"}\n\n',
    ]);
  });

  describe('in the words of a model that come a few at a time', () => {
    const CHUNKS = ['My card: 41', '11 1', '111 1111', ' 1111, not', ' more'];
    const shapes: [string, string, (words: string) => object][] = [
      ['chat', 'text/event-stream', (content) => ({ choices: [{ index: 0, delta: { content } }] })],
      [
        'messages',
        'text/event-stream',
        (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
      ],
      ['responses', 'text/event-stream', (delta) => ({ type: 'response.output_text.delta', delta })],
      ['contents', 'text/event-stream', (text) => ({ candidates: [{ content: { parts: [{ text }] } }] })],
      ['lines', 'application/x-ndjson', (content) => ({ message: { role: 'assistant', content } })],
    ];
    /** Each event only when the one before has arrived: one that is held back would never come. */
    async function streamed(contentType: string, events: readonly object[]): Promise<string[]> {
      const lines = events.map((event) =>
        contentType === 'text/event-stream'
          ? `data: ${JSON.stringify(event)}\n\n`
          : `${JSON.stringify(event)}\n`,
      );
      let more: () => void = () => undefined;
      world.upstream.respond = (_request, response) => {
        response.writeHead(200, { 'content-type': contentType });
        more = () => {
          const line = lines.shift();
          if (line === undefined) response.end();
          else response.write(line);
        };
        more();
      };
      const seen: string[] = [];
      const answer = await open(url(), '/call/vendor/v1/stream', {
        headers: ['authorization', `Bearer ${token}`],
      });
      try {
        for await (const chunk of answer) {
          seen.push(String(chunk));
          more();
        }
      } catch {
        seen.push('cut');
      }
      return seen.map((line) => line.replace(/^data: /, '').trimEnd());
    }

    test.each(shapes)('it is told, masked in the last part and cut before it: %s', async (...shape) => {
      const [, contentType, make] = shape;
      const events = CHUNKS.map((words) => make(words));
      const plain = events.map((event) => JSON.stringify(event));
      await protect({ answer: { card: 'flag' } });
      expect(await streamed(contentType, events)).toEqual(plain);
      await expect.poll(outcome).toMatchObject({
        result: 'answered',
        flags: [{ direction: 'answer', guard: 'content', rule: 'card', action: 'flag', count: 1 }],
      });

      await protect({ answer: { card: 'mask' } });
      const early = CHUNKS.slice(0, 2).concat('111 1111 1111."', ' \u00e9 more');
      const got = await streamed(
        contentType,
        early.map((words) => make(words)),
      );
      const masked = early.with(2, '*** **** ****."').map((words) => make(words));
      expect(got.map((event) => JSON.parse(event) as object)).toEqual(masked);

      await protect({ answer: { card: 'block' } });
      expect(await streamed(contentType, events)).toEqual([...plain.slice(0, 3), 'cut']);
      await expect.poll(outcome).toMatchObject({
        result: 'cut',
        problem: 'content-blocked',
        flags: [{ rule: 'card', action: 'block', count: 1 }],
      });
    });

    test('texts of different choices are not joined, and what one event holds is told once', async () => {
      await protect({ answer: 'flag' });
      const choice = (index: number, content: string) => ({ choices: [{ index, delta: { content } }] });
      const events = [
        choice(0, '4111 1111'),
        choice(1, ' 1111 1111'),
        choice(0, '; jane@example.com'),
        choice(0, ' and'),
      ];
      expect(await streamed('text/event-stream', events)).toHaveLength(4);
      await expect.poll(outcome).toMatchObject({ flags: [{ rule: 'email', count: 1 }] });
    });
  });

  test('is masked in a request: JSON, a form, parts of a form, however it is cut', async () => {
    await protect({ request: { email: 'mask', card: 'mask' } });
    world.upstream.respond = answering('text/plain', 'ok');
    const part = '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\njane@example.com\r\n--b--\r\n';
    const bodies = [
      ['application/json', ask, '{"to":"****@example.com","card":"**** **** **** 1111"}'],
      ['application/x-www-form-urlencoded', 'to=jane%40example.com&n=1', 'to=****%40example.com&n=1'],
      ['multipart/form-data; boundary=b', part, part.replace('jane', '****')],
    ];
    for (const [type = '', body = '', masked = ''] of bodies) {
      expect((await post(body, type)).status).toBe(200);
      expect(world.upstream.seen.at(-1)?.body.toString()).toBe(masked);
      expect(world.upstream.seen.at(-1)?.headers['content-length']).toBe(String(body.length));
    }
    const streamed = await fetch(`${url()}/call/vendor/v1/notes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      body: new ReadableStream({
        pull(controller) {
          for (const piece of ['write to ja', 'ne@exam', 'ple.com now'])
            controller.enqueue(Buffer.from(piece));
          controller.close();
        },
      }),
      duplex: 'half',
    });
    expect(streamed.status).toBe(200);
    expect(world.upstream.seen.at(-1)?.body.toString()).toBe('write to ****@example.com now');
  });

  test('is refused before it leaves: in a body, the path, a parameter, a header', async () => {
    await protect({ request: { email: 'block', card: 'mask' } });
    const answers = [
      await post(ask),
      await get('/v1/people/jane@example.com'),
      await get('/v1/people?who=jane%40example.com'),
      await get('/v1/people', ['x-note', 'for jane@example.com']),
      await get(`/v1/cards?number=${encodeURIComponent(CARD)}`), // what can not be masked there
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'content-blocked', fault: 'policy' });
      expect(answer.text()).not.toMatch(/jane|4111/);
    }
    expect(answers.map((answer) => answer.json()['rule'])).toEqual([
      'email',
      'email',
      'email',
      'email',
      'card',
    ]);
    expect(world.upstream.seen).toEqual([]);
    await expect
      .poll(async () => (await world.events('call.refused')).at(-1))
      .toMatchObject({
        problem: 'content-blocked',
        flags: [{ direction: 'request', guard: 'content', rule: 'card', action: 'block', count: 1 }],
      });
  });

  test('that can not be looked into is refused where something is masked or refused, and only there', async () => {
    await protect({ request: { email: 'mask' } });
    world.upstream.respond = answering('text/plain', 'ok');
    const coded = await post(gzipSync(ask), 'application/json', ['content-encoding', 'gzip']);
    expect([coded.status, coded.json()['rule']]).toEqual([403, 'unreadable']);
    const typed = await post(`\x89PNG ${ask}`, 'image/png');
    expect([typed.status, typed.json()['rule']]).toEqual([403, 'email']);
    expect(world.upstream.seen).toEqual([]);
    await protect({ request: { email: 'flag' } });
    expect((await post(gzipSync(ask), 'application/json', ['content-encoding', 'gzip'])).status).toBe(200);
    expect((await post(`\x89PNG ${ask}`, 'image/png')).status).toBe(200);
  });

  test('of an answer that is not to be handed on does not arrive, and the outcome says so', async () => {
    await protect({ answer: { card: 'block' } });
    let goOn: (() => void) | undefined;
    world.upstream.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('first line\n');
      goOn = () => response.end(`card ${CARD}\n`);
    };
    const seen: string[] = [];
    const cut = async () => {
      const answer = await open(url(), '/call/vendor/v1/notes', {
        headers: ['authorization', `Bearer ${token}`],
      });
      for await (const chunk of answer) {
        seen.push(String(chunk));
        goOn?.();
      }
    };
    await expect(cut()).rejects.toThrow();
    expect(seen.join('')).toBe('first line\n');
    await expect.poll(outcome).toMatchObject({
      result: 'cut',
      problem: 'content-blocked',
      flags: [{ direction: 'answer', guard: 'content', rule: 'card', action: 'block', count: 1 }],
    });
  });

  test('of a pattern of its own is found in the direction that it is for', async () => {
    const pattern = { name: 'project', pattern: '\\bACME-[0-9]{4}\\b', action: 'mask', direction: 'answer' };
    await protect({ patterns: [pattern] });
    world.upstream.respond = answering('text/plain', 'ACME-1234 and ACME-12345');
    expect((await post('"ACME-1234"')).text()).toBe('********* and ACME-12345');
    expect(world.upstream.seen.at(-1)?.body.toString()).toBe('"ACME-1234"');
    const wrong = { content: { patterns: [{ name: 'p', pattern: '(a)\\1' }] } };
    const refused = await world.admin('PATCH', '/v1/services/vendor', { protection: wrong });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      422,
      expect.stringContaining('\\\\1 is not offered'),
    ]);
  });

  describe('a preview', () => {
    test('tells the beginning of both bodies, masked, inert and no longer than 200 characters', async () => {
      await protect({ preview: true });
      const answer = `\u001b[31mred\u202e ${CARD} jane@example.com +41 44 668 18 00 ${VALUE} ${'x'.repeat(500)}`;
      world.upstream.respond = answering('text/plain; charset=utf-8', answer);
      const got = await post(`{"note":"${CARD}","to":"jane@example.com"}`);
      expect(got.body.toString()).toBe(answer.replace(VALUE, '*'.repeat(VALUE.length)));
      await expect.poll(outcome).toHaveProperty('preview');
      const { preview } = (await outcome()) as { preview: { request: string; answer: string } };
      expect(preview.request).toBe('{"note":"**** **** **** 1111","to":"****@example.com"}');
      expect(preview.answer).toMatch(
        /^·\[31mred· \*{4} \*{4} \*{4} 1111 \*{4}@example\.com \+\*\* \*\* \*{3} \*\* \*\* \*{30} x+$/,
      );
      expect(preview.answer).toHaveLength(200);
      expect((await world.admin('POST', '/v1/audit/verify', {})).body).toMatchObject({ ok: true });
      const { body } = await world.admin('GET', `/v1/calls/${got.header('doorward-request-id') ?? ''}`);
      expect(body).toMatchObject({ flags: [], sends: [{ preview }] });
    });

    test('holds no key that the agent sent, even where such a call may pass', async () => {
      await protect({ preview: true }, { requests: 'flag' });
      world.upstream.respond = answering('text/plain', 'ok');
      await post(`{"key":"${VALUE}","twice":"${Buffer.from(VALUE).toString('base64')}"}`);
      await expect.poll(outcome).toMatchObject({ preview: { answer: 'ok' } });
      const { preview } = (await outcome()) as { preview: { request: string } };
      expect(preview.request).toMatch(/^\{"key":"\*+","twice":"\*+=*"\}$/);
    });

    test('is not made of what is no text, nor of a call without one', async () => {
      await protect({ preview: true });
      world.upstream.respond = answering('image/png', 'PNG');
      await get('/v1/logo');
      await expect.poll(async () => (await outcome())?.['responseBytes']).toBe(3);
      expect(await outcome()).not.toHaveProperty('preview');
    });
  });
});
