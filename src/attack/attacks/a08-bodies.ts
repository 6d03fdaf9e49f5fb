// A08 to A11: bodies that ask for more than was granted, credentials made by a call, stored secrets on their way out, decoys.
import { randomBytes } from 'node:crypto';
import type { Attack } from '../attack.ts';
import { answerText } from '../http-text.ts';
import { describe, type Scene } from '../scene.ts';
import { SPELLINGS } from '../spellings.ts';
import type { Standing } from '../target.ts';

const JSON_TYPE = 'content-type: application/json';

const GRAPHQL: readonly string[] = [
  JSON.stringify({ query: 'query A { viewer { id } secrets { id } }' }),
  JSON.stringify({ query: 'query A { viewer: secrets { id } }' }),
  JSON.stringify({ query: 'query A { ...F } fragment F on Query { secrets { id } }' }),
  JSON.stringify({ query: 'query A { ... on Query { secrets { id } } }' }),
  JSON.stringify({ query: 'mutation A { deleteAll { id } }' }),
  JSON.stringify({ query: 'query A { viewer { id } } mutation B { deleteAll { id } }', operationName: 'B' }),
  JSON.stringify([{ query: '{ viewer { id } }' }, { query: 'mutation { deleteAll { id } }' }]),
  '{"query":"{ viewer { id } }","query":"mutation { deleteAll { id } }"}',
  '{"query":"{ viewer { id } }","\\u0071uery":"mutation { deleteAll { id } }"}',
  JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } } }),
  '{"query":"{ viewer { id } }"} {"query":"mutation { deleteAll { id } }"}',
];

const JSON_RPC: readonly string[] = [
  '{"jsonrpc":"2.0","id":1,"method":"delete"}',
  '{"jsonrpc":"2.0","id":1,"method":"read","method":"delete"}',
  '{"jsonrpc":"2.0","id":1,"method":"read","\\u006dethod":"delete"}',
  '[{"jsonrpc":"2.0","id":1,"method":"read"},{"jsonrpc":"2.0","id":2,"method":"delete"}]',
  '{"jsonrpc":"2.0","id":1,"method":["delete"]}',
  '{"jsonrpc":"2.0","id":1,"method":"READ"}',
  '{"jsonrpc":"2.0","id":1,"method":"read\\u0000"}',
  '\ufeff{"jsonrpc":"2.0","id":1,"method":"delete"}',
  'method=delete',
  '',
];

async function dodge(
  scene: Scene,
  body: object,
  { fine, tricks }: { readonly fine: string; readonly tricks: readonly string[] },
) {
  const { upstream, standing, mark } = await scene.stand({ constraints: { body: [body] } });
  const post = async (text: string, headers: readonly string[] = [JSON_TYPE]) =>
    await scene.call(standing, '/api', { method: 'POST', body: text, headers });
  const allowed = await post(fine);
  scene.claim('caller', 'what is granted goes through', allowed.status === 200, describe(allowed));
  const sent = upstream.seen.length;
  for (const trick of tricks) {
    const answer = await post(trick);
    const isRefused = answer.status >= 400 && answer.status < 500;
    scene.claim('caller', 'nothing else does', isRefused, `${trick}: ${describe(answer)}`);
  }
  for (const type of [
    'content-type: text/plain',
    'content-type: application/x-www-form-urlencoded',
    'content-encoding: gzip',
  ]) {
    const answer = await post(tricks[0] ?? '', [type]);
    scene.claim(
      'caller',
      'nor as another type',
      answer.status >= 400 && answer.status < 500,
      `${type}: ${describe(answer)}`,
    );
  }
  scene.equal('upstream', 'only what was granted arrived', [sent, upstream.seen.length], [1, 1]);
  await scene.logged(
    'the refusals are on record',
    mark,
    ({ kind, service }) => kind === 'refused' && service === standing.service,
  );
  await scene.nothingSentSince(standing, mark, 1);
}

export const a08: Attack = {
  id: 'A08',
  who: ['PI'],
  title: 'Dodge a rule for bodies by members given twice, aliases, fragments, batches and other types',
  mustHold: 'denied',
  needs: ['body-rules'],
  run: async (scene) => {
    const operations = [{ type: 'query', fields: ['viewer'] }];
    const fine = JSON.stringify({ query: 'query A { viewer { id } }' });
    await dodge(scene, { kind: 'graphql', operations }, { fine, tricks: GRAPHQL });
    const rpc = '{"jsonrpc":"2.0","id":1,"method":"read"}';
    await dodge(scene, { kind: 'json-rpc', methods: ['read'] }, { fine: rpc, tricks: JSON_RPC });
    const tool = (name: string, given: object) =>
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } });
    await dodge(
      scene,
      { kind: 'mcp', tools: [{ name: 'read', arguments: { place: 'here' } }] },
      {
        fine: tool('read', { place: 'here' }),
        tricks: [
          tool('delete', { place: 'here' }),
          tool('read', { place: 'there' }),
          tool('read', {}),
          '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","name":"delete","arguments":{"place":"here"}}}',
          `[${tool('read', { place: 'here' })},${tool('delete', {})}]`,
        ],
      },
    );
  },
};

/** Of the look of vendors' keys, and of nobody. */
const MADE: readonly (() => string)[] = [
  () => `ghp_${randomBytes(18).toString('hex')}`,
  () =>
    `AKIA${randomBytes(10)
      .toString('hex')
      .toUpperCase()
      .replaceAll(/[01891]/g, 'Q')
      .slice(0, 16)}`,
  () => `sk-ant-api03-${randomBytes(70).toString('base64url').slice(0, 93)}AA`,
  () => `xoxb-${Math.trunc(1e11)}-${Math.trunc(2e11)}-${randomBytes(12).toString('hex')}`,
];

export const a09: Attack = {
  id: 'A09',
  who: ['PI'],
  title: 'Have a new credential made by a call that a broad grant covers',
  mustHold: 'a guard denies it; a credential in an answer is masked',
  needs: ['guards', 'minting-guard'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand({
      deny: ['* /v1/keys/**', 'POST /v1/tokens'],
      protection: { leaks: { minting: 'redact' } },
    });
    await scene.callFine(standing, upstream);
    const before = upstream.started;
    for (const path of [
      '/v1/keys',
      '/v1/keys/',
      '/V1/Keys',
      '/v1/keys/new',
      '/v1/%6beys',
      '/v1/tokens',
      '/v1/tokens/',
    ]) {
      const answer = await scene.call(standing, path, { method: 'POST', body: '{}', headers: [JSON_TYPE] });
      scene.claim(
        'caller',
        'what a guard names is refused',
        answer.status === 403,
        `${path}: ${describe(answer)}`,
      );
    }
    scene.equal('upstream', 'it saw none of them', upstream.started - before, 0);
    for (const make of MADE) {
      const made = make();
      const body = JSON.stringify({ api_key: made, id: 7 });
      upstream.respond = (_request, socket) => void socket.write(answerText(200, [JSON_TYPE], body));
      const answer = await scene.call(standing, '/v1/other', {
        method: 'POST',
        body: '{}',
        headers: [JSON_TYPE],
      });
      scene.claim(
        'caller',
        'a credential made elsewhere is masked',
        !answer.bytes.includes(made),
        answer.body.toString(),
      );
    }
    await scene.logged(
      'the guard’s refusal is on record',
      mark,
      ({ kind, text }) => kind === 'refused' && text.includes('guard'),
    );
    await scene.logged(
      'an alarm tells of the new credential',
      mark,
      ({ kind, text }) => kind === 'alarm' && text.includes('credential-minted'),
    );
  },
};

/** Everywhere in a request that a value could be put, each a call. */
async function exfiltrate(scene: Scene, by: Standing, value: string): Promise<void> {
  const post = (body: string, headers: readonly string[] = [JSON_TYPE]) =>
    scene.call(by, '/upload', { method: 'POST', body, headers });
  const tries = [
    ['raw', () => post(JSON.stringify({ note: value }))],
    [
      'in the middle of a long body',
      () => post(`${'x'.repeat(70_000)}${value}${'y'.repeat(70_000)}`, ['content-type: text/plain']),
    ],
    ['in a query', () => scene.call(by, `/upload?note=${value}`)],
    ['in the path', () => scene.call(by, `/upload/${value}`)],
    ['in a header', () => scene.call(by, '/upload', { headers: [`x-note: ${value}`] })],
    [
      'in a form',
      () => post(`note=${encodeURIComponent(value)}`, ['content-type: application/x-www-form-urlencoded']),
    ],
    ...SPELLINGS.filter(({ name }) => name !== 'raw' && !name.includes('MIME')).map(
      ({ name, write }) =>
        [name, () => post(`note: ${write(value).toString()} end`, ['content-type: text/plain'])] as const,
    ),
  ] as const;
  for (const [what, send] of tries) {
    const answer = await send();
    scene.claim('caller', `${what}, it is refused`, answer.status === 403, describe(answer));
  }
}

export const a10: Attack = {
  id: 'A10',
  who: ['PI'],
  title:
    'Send a stored secret of another service to an allowed host, in every part of a request and every encoding',
  mustHold: 'blocked before it leaves, with an alarm',
  needs: ['fingerprints'],
  run: async (scene) => {
    const other = await scene.stand();
    const { upstream, standing, mark } = await scene.stand();
    await scene.callFine(standing, upstream);
    upstream.forget();
    await exfiltrate(scene, standing, other.standing.value);
    scene.noValue('upstream', 'it never got it', upstream.heard(), other.standing.value);
    await scene.callFine(standing, upstream);
    await scene.logged(
      'an alarm is on record',
      mark,
      ({ kind, text }) => kind === 'alarm' && text.includes('secret-in-request'),
    );
    const entries = await scene.target.logSince(mark);
    scene.noValue(
      'log',
      'no event holds it',
      entries.map(({ text }) => text).join('\n'),
      other.standing.value,
    );
  },
};

export const a11: Attack = {
  id: 'A11',
  who: ['PI'],
  title: 'Touch a decoy: send its value, call it, ask for a scope on it',
  mustHold: 'the agent is frozen within one call',
  needs: ['decoys', 'admin-api'],
  run: async (scene) => {
    const name = `attack-${randomBytes(5).toString('hex')}`;
    const made = await scene.target.admin({ method: 'POST', path: '/v1/decoys', body: { name } });
    scene.undo(() => scene.target.admin({ method: 'DELETE', path: `/v1/secrets/${name}` }));
    const planted = String(made.body['value']);
    const trap = await scene.stand({ protection: { decoy: true } });
    const ways: readonly (readonly [string, (standing: Standing) => Promise<unknown>])[] = [
      [
        'its value',
        (by) =>
          scene.call(by, '/upload', { method: 'POST', body: `{"key":"${planted}"}`, headers: [JSON_TYPE] }),
      ],
      ['a call to it', (by) => scene.call({ ...trap.standing, token: by.token }, '/x')],
      [
        'a scope on it',
        (by) => scene.target.token(by.agent, by.agentKey, trap.standing.service).catch(() => undefined),
      ],
    ];
    for (const [what, touch] of ways) {
      const { upstream, standing, mark } = await scene.stand();
      await scene.callFine(standing, upstream);
      const before = upstream.started;
      await touch(standing);
      for (const replica of scene.target.addresses.keys()) {
        const answer = await scene.call(standing, '/after', { replica });
        scene.claim(
          'caller',
          `after ${what} the next call is refused`,
          answer.status === 403,
          describe(answer),
        );
      }
      scene.equal('upstream', 'nothing was sent any more', upstream.started - before, 0);
      scene.claim('caller', 'the agent is frozen', await scene.target.isFrozen(standing.agent));
      await scene.logged(
        'an alarm is on record',
        mark,
        ({ kind, text }) => kind === 'alarm' && text.includes('decoy-touched'),
      );
      await scene.logged('and the freeze', mark, ({ reason }) => reason === 'agent.freeze');
    }
    scene.equal('upstream', 'the decoy’s own place saw nothing', trap.upstream.connections, 0);
  },
};
