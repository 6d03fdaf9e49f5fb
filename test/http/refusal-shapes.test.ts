// Refusals in the words of vendors, as their clients read them: one contract for every family, and the body of each.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { Problem, type ProblemCode, PROBLEMS } from '../../src/core/problem.ts';
import { REFUSAL_SHAPES, type RefusalShape } from '../../src/core/service.ts';
import { toShapedResponse } from '../../src/http/problem-response.ts';
import { shapeOfClient } from '../../src/http/refusal-shapes/registry.ts';
import { testDatabases } from '../support/database.ts';
import { type RawAnswer, send } from '../support/raw-http.ts';
import { createWorld, type World } from '../support/world.ts';

const [embedded] = testDatabases();
const SENTENCE = 'What happened, and what to do next.';
const clock = { now: () => new Date(), monotonicMs: () => 0 };
const request = newId({ clock, randomness: { bytes: (length) => Buffer.alloc(length, 7) } }, 'req');
const publicUrl = 'https://broker.test';

function shaped(shape: RefusalShape, code: ProblemCode, extensions: Record<string, unknown> = {}) {
  const problem = new Problem(code, { detail: SENTENCE, extensions });
  const { status, headers, body } = toShapedResponse(problem, shape, { request, publicUrl });
  return { status, headers, body: JSON.parse(body) as Record<string, Record<string, unknown>>, text: body };
}

const CODES = Object.keys(PROBLEMS) as ProblemCode[]; // its own keys

describe.each(REFUSAL_SHAPES)('every refusal to clients of %s', (shape) => {
  test.each(CODES)('%s says whose it is, what it is, and not to be repeated', (code) => {
    const { status, headers, body, text } = shaped(shape, code, {
      rule: 'some-rule',
      needed_grant: 'GET /x',
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-should-retry': 'false',
      'doorward-source': 'broker',
      'doorward-error': code,
      'x-request-id': request,
      'cache-control': 'no-store',
    });
    expect(status).toBe(shape === 'slack' ? 200 : PROBLEMS[code].status);
    if (status === 200) expect(headers).not.toHaveProperty('retry-after');
    expect(text).toContain(JSON.stringify(SENTENCE).slice(1, -1));
    expect(text).toContain(`"${publicUrl}/problems/${code}"`);
    expect(text).toContain(`"${request}"`);
    expect(text).toMatch(/some-rule.*GET \/x/);
    expect(body).not.toHaveProperty('detail');
  });
});

describe('the body', () => {
  const doorward = { type: `${publicUrl}/problems/not-allowed`, status: 403, instance: request };

  test('of OpenAI is an error with message, type, param and code', () => {
    const { body } = shaped('openai', 'not-allowed', { rule: 'guard' });
    expect(Object.keys(body)).toEqual(['error']); // of all else its SDKs keep nothing
    expect(body['error']).toMatchObject({
      message: SENTENCE,
      type: 'permission_error',
      param: null,
      code: 'not-allowed',
      rule: 'guard',
      doorward: { ...doorward, code: 'not-allowed', fault: 'policy', rule: 'guard' },
    });
    expect(shaped('openai', 'database-unavailable').body['error']?.['type']).toBe('server_error');
    expect(shaped('openai', 'invalid-address').body['error']?.['type']).toBe('invalid_request_error');
  });

  test('of Anthropic is an error with a type of its list, and the request’s id where its SDKs look', () => {
    const { body, headers } = shaped('anthropic', 'not-allowed');
    expect(body).toEqual({
      type: 'error',
      error: {
        type: 'permission_error',
        message: SENTENCE,
        doorward: expect.objectContaining(doorward) as object,
      },
      request_id: request,
    });
    expect(headers['request-id']).toBe(request);
    expect(shaped('anthropic', 'unauthenticated').body['error']?.['type']).toBe('authentication_error');
    expect(shaped('anthropic', 'too-many-attempts').body['error']?.['type']).toBe('rate_limit_error');
    expect(shaped('anthropic', 'not-ready').body['error']?.['type']).toBe('api_error');
  });

  test('of Google is a status with details, which are texts', () => {
    const { body } = shaped('google', 'not-allowed', { rule: 'grant', retry: 3 });
    expect(body['error']).toMatchObject({ code: 403, message: SENTENCE, status: 'PERMISSION_DENIED' });
    expect(body['error']?.['details']).toMatchObject([
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'NOT_ALLOWED',
        domain: 'doorward',
        metadata: { instance: request, rule: 'grant', retry: '3', status: '403' },
      },
    ]);
    expect(shaped('google', 'upstream-timeout').body['error']?.['status']).toBe('DEADLINE_EXCEEDED');
  });

  test('of Stripe is an error with a page, and its own header against repeating', () => {
    const { body, headers } = shaped('stripe', 'not-ready');
    expect(headers).toMatchObject({ 'stripe-should-retry': 'false', 'request-id': request });
    expect(body['error']).toMatchObject({ type: 'api_error', message: SENTENCE, code: 'not-ready' });
    expect(body['error']?.['doc_url']).toBe(`${publicUrl}/problems/not-ready`);
  });

  test('of GitHub is flat, with its status as text', () => {
    const { body } = shaped('github', 'not-allowed');
    expect(body).toEqual({
      message: SENTENCE,
      documentation_url: `${publicUrl}/problems/not-allowed`,
      status: '403',
      doorward: expect.objectContaining(doorward) as object,
    });
  });

  test('of Slack comes with 200 and a word for the error, the sentence where its client logs it', () => {
    for (const code of [
      'not-allowed',
      'too-many-attempts',
      'database-unavailable',
      'unauthenticated',
    ] as const) {
      const { status, headers, body } = shaped('slack', code);
      expect([status, headers['retry-after'], headers['www-authenticate']]).toEqual([
        200,
        undefined,
        undefined,
      ]);
      expect(body).toMatchObject({
        ok: false,
        error: `doorward_${code.replaceAll('-', '_')}`,
        response_metadata: { messages: [`[ERROR] ${SENTENCE}`] },
      });
    }
  });
});

test('Codex is told 400, since it repeats after every other status', () => {
  for (const code of CODES) {
    const problem = new Problem(code, { detail: SENTENCE });
    expect(toShapedResponse(problem, 'openai', { request, client: 'codex_exec/0.169.0' }).status).toBe(400);
  }
});

describe('a client says by its name whose words it understands', () => {
  test.each([
    ['OpenAI/JS 6.49.0', 'openai'],
    ['OpenAI/Python 2.1.0', 'openai'],
    ['AsyncOpenAI/Python 2.1.0', 'openai'],
    ['codex_cli_rs/0.50.0 (Debian 12; x86_64)', 'openai'],
    ['Anthropic/JS 1.12.0', 'anthropic'],
    ['claude-cli/2.0.1 (external, cli)', 'anthropic'],
    ['google-genai-sdk/2.32.0 gl-node/v20.20.2', 'google'],
    ['Stripe/v1 NodeBindings/23.1.0', 'stripe'],
    ['octokit-rest.js/22.0.1 octokit-core.js/7.0.8 Node.js/20.20.2 (linux; x64)', 'github'],
    ['GitHub CLI 2.60.0', 'github'],
    ['@slack:web-api/8.2.0 node/20.20.2 linux/6.1', 'slack'],
    ['python-slackclient/3.1 Python/3.11 slackclient/3.1 Linux/6.1', 'slack'],
    ['notionhq-client/5.26.0', 'notion'],
    ['curl/8.5.0', undefined],
    ['node', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s: %s', (name, shape) => {
    expect(shapeOfClient(name)).toBe(shape);
  });
});

describe('a refused call', () => {
  let world: World;
  let token: string;
  const url = () => world.apps[0]?.address ?? '';
  const ask = (service: string, headers: readonly string[] = [], method = 'GET') =>
    send(url(), `/call/${service}/x`, { method, headers: ['authorization', `Bearer ${token}`, ...headers] });
  const comparable = (answer: RawAnswer) => {
    const id = answer.header('x-request-id') ?? '';
    const headers = answer.headers.filter(([name]) => name !== 'date');
    return JSON.stringify([answer.status, headers, answer.text()]).replaceAll(id, 'REQ');
  };

  beforeAll(async () => {
    if (embedded === undefined) throw new Error('there is always an embedded database');
    world = await createWorld({ database: embedded });
    const { key } = await world.setUp({ allow: ['GET /only/this'] });
    token = await world.token('robot', key);
    for (const name of ['stripe', 'hidden']) {
      await world.admin('POST', '/v1/services', {
        name,
        baseUrl: world.upstream.url,
        auth: { kind: 'bearer' },
        secret: 'vendor',
        refusalShape: 'stripe',
      });
    }
    await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'stripe', allow: ['GET /only/this'] });
  });
  afterAll(() => world?.close());

  test('is in the words of its service’s vendor, whoever calls', async () => {
    for (const headers of [[], ['user-agent', 'OpenAI/JS 6.49.0']]) {
      const answer = await ask('stripe', headers);
      expect([answer.status, answer.header('content-type')]).toEqual([403, 'application/json']);
      expect(answer.json()['error']).toMatchObject({ type: 'permission_error', code: 'not-allowed' });
    }
  });

  test('is in ours where the service has no vendor and the client no name of one', async () => {
    const answer = await ask('vendor');
    expect([answer.status, answer.header('content-type')]).toEqual([403, 'application/problem+json']);
    expect(answer.json()['error']).toMatchObject({ code: 'not-allowed', type: 'policy', rule: 'grant' });
    const named = await ask('vendor', ['user-agent', '@slack:web-api/8.2.0 node/20']);
    expect([named.status, named.json()['ok']]).toEqual([200, false]);
  });

  test('tells nobody by its words that there is a service', async () => {
    for (const agent of ['curl/8', 'OpenAI/JS 6.49.0', '@slack:web-api/8.2.0 node/20']) {
      const [known, unknown] = await Promise.all(
        ['hidden', 'nothing'].map((service) => ask(service, ['user-agent', agent])),
      );
      expect(known && comparable(known)).toBe(unknown && comparable(unknown));
      const strangers = await Promise.all(
        ['stripe', 'hidden', 'nothing'].map((service) =>
          send(url(), `/call/${service}/x`, {
            headers: ['authorization', 'Bearer sk-nothing', 'user-agent', agent],
          }),
        ),
      );
      expect(new Set(strangers.map(comparable)).size).toBe(1);
    }
  });

  test('is on record as what it is, also where it is answered with 200', async () => {
    const answer = await ask('vendor', ['user-agent', '@slack:web-api/8.2.0 node/20']);
    expect(answer.status).toBe(200);
    await expect
      .poll(async () =>
        (await world.events('call.refused')).find(({ request: id }) => id === answer.header('x-request-id')),
      )
      .toMatchObject({ problem: 'not-allowed', rule: 'grant' });
  });

  test('has no body where a HEAD asks', async () => {
    const answer = await ask('stripe', [], 'HEAD');
    expect([answer.status, answer.text(), answer.header('doorward-error')]).toEqual([403, '', 'not-allowed']);
  });

  test('of an administrative request is a problem as ever', async () => {
    const answer = await send(url(), '/v1/secrets', { headers: ['user-agent', 'OpenAI/JS 6.49.0'] });
    expect([answer.status, answer.header('content-type')]).toEqual([401, 'application/problem+json']);
  });
});
