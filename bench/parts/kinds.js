// Part 6: what each place and kind of credential costs beside `bearer`: single calls by turns on one connection, so that
// whatever the machine does meanwhile is done to all of them alike.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import { join } from 'node:path';
import { spread } from '../figures.js';
import { startDoorward } from '../installation.js';
import { startPostgres } from '../postgres.js';
import { figure } from '../report.js';

/** @typedef {import('../bench.js').Context} Context */
/** @typedef {{ name: string, p50Ms: number, addedMs: number }} KindFigure */

const CALLS = { quick: 200, normal: 1500, long: 6000 };
const WARM_UP_CALLS = 100;
const BASELINE = 'bearer';

const value = () => `sk-bench-${randomBytes(24).toString('base64url')}`;

/** @param {string} endpoint @returns {{ name: string, auth: object, secret: object }[]} */
function kindsOf(endpoint) {
  const client = { token_url: `${endpoint}/token`, client_id: 'bench', client_secret: value() };
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const app = { app_id: '1', installation_id: '1', private_key: privateKey, api_url: endpoint };
  const bearer = { kind: 'bearer' };
  const pair = [
    { name: 'dd-api-key', template: '{api_key}' },
    { name: 'dd-application-key', template: '{app_key}' },
  ];
  return [
    { name: BASELINE, auth: bearer, secret: { value: value() } },
    { name: 'basic', auth: { kind: 'basic' }, secret: { value: `user:${value()}` } },
    {
      name: 'header',
      auth: { kind: 'header', name: 'authorization', template: 'Token {value}' },
      secret: { value: value() },
    },
    { name: 'query', auth: { kind: 'query', name: 'api_key' }, secret: { value: value() } },
    { name: 'path', auth: { kind: 'path', template: '/bot{value}' }, secret: { value: value() } },
    {
      name: 'headers',
      auth: { kind: 'headers', headers: pair },
      secret: { fields: { api_key: value(), app_key: value() } },
    },
    { name: 'oauth2-client', auth: bearer, secret: { kind: 'oauth2-client', fields: client } },
    {
      name: 'oauth2-refresh',
      auth: bearer,
      secret: { kind: 'oauth2-refresh', fields: { ...client, refresh_token: value() } },
    },
    { name: 'github-app', auth: bearer, secret: { kind: 'github-app', fields: app } },
  ];
}

/** @param {Context} context */
export async function measureKinds(context) {
  const { stage, program, options, postgres: binaries, progress } = context;
  const calls = CALLS[options.length];
  const upstream = stage.startAssistant(new URL('../roads/upstream.js', import.meta.url));
  const { port } = await upstream.ask({});
  const tokens = await startTokens();
  progress.begin('kinds', 2);
  progress.step('starting Doorward');
  const dataDirectory = join(stage.directory, `kinds-${randomBytes(4).toString('hex')}`);
  const database = binaries === undefined ? {} : { databaseUrl: (await startPostgres(stage, binaries)).url };
  const doorward = await startDoorward(stage, program, { dataDirectory, ...database });
  const kinds = kindsOf(tokens.url);
  const { key } = await doorward.admin('POST', '/v1/agents', { name: 'bench' });
  for (const { name, auth, secret } of kinds) {
    await doorward.admin('POST', '/v1/secrets', { name, ...secret });
    await doorward.admin('POST', '/v1/services', {
      name,
      auth,
      secret: name,
      baseUrl: `http://127.0.0.1:${port}`,
    });
    await doorward.admin('POST', '/v1/grants', { agent: 'bench', service: name });
  }
  const token = await doorward.token('bench', key);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** @type {Map<string, number[]>} */
  const times = new Map(kinds.map(({ name }) => [name, []]));
  progress.step('calls by turns');
  try {
    for (let at = -WARM_UP_CALLS; at < calls; at += 1) {
      for (let turn = 0; turn < kinds.length; turn += 1) {
        // Each begins as often as the others: who comes after a pause finds a cold machine.
        const name = kinds[(turn + at + WARM_UP_CALLS) % kinds.length]?.name ?? BASELINE;
        const ms = await call(doorward.port, `/call/${name}/v1/models`, { agent, token });
        if (at >= 0) times.get(name)?.push(ms);
      }
    }
  } finally {
    agent.destroy();
    tokens.close();
  }
  return summed(times, binaries === undefined ? 'embedded' : 'postgres');
}

/** @param {ReadonlyMap<string, readonly number[]>} times @param {string} database */
function summed(times, database) {
  const p50 = (/** @type {string} */ name) => spread([...(times.get(name) ?? [])])?.median ?? Number.NaN;
  const base = p50(BASELINE);
  /** @type {KindFigure[]} */
  const kinds = [...times.keys()].map((name) => ({ name, p50Ms: p50(name), addedMs: p50(name) - base }));
  const most = Math.max(...kinds.filter(({ name }) => name !== BASELINE).map(({ addedMs }) => addedMs));
  return { database, kinds, measures: [{ id: 'kinds.added-p50', measured: most }] };
}

/** @param {Awaited<ReturnType<typeof measureKinds>>} measured @returns {import('../report.js').Sheet[]} */
export function kindSheets({ kinds, database }) {
  return [
    {
      title: `Kinds of credential, one connection, ${database}`,
      head: ['kind', 'median ms', 'added to bearer, ms'],
      rows: kinds.map(({ name, p50Ms, addedMs }) => [name, figure(p50Ms), addedMs.toFixed(3)]),
    },
  ];
}

/** @param {number} port @param {string} path @param {{ agent: Agent, token: string }} by @returns {Promise<number>} milliseconds */
function call(port, path, { agent, token }) {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      agent,
      headers: { authorization: `Bearer ${token}` },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startedMs);
        else reject(new Error(`${path} was answered ${response.statusCode}`));
      });
    });
    sent.end();
  });
}

/** What gives out tokens: as an OAuth server does, and as GitHub does. */
async function startTokens() {
  const server = createServer((asked, response) => {
    asked.resume();
    const token = `at-${randomBytes(24).toString('base64url')}`;
    response.writeHead(asked.url === '/token' ? 200 : 201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: token, token, token_type: 'Bearer', expires_in: 3600 }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
