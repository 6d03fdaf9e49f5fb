// Doorward as its users have it: a copy of the built program, so that no edit of the sources changes what is measured
// in the middle of a run, started as `node bin/doorward.js serve` and set up over its HTTP API.
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from './processes.js';

/** @typedef {Awaited<ReturnType<typeof startDoorward>>} Doorward */
/** @typedef {{ launcher: string, dist: string }} Program */
/**
 * @typedef {{
 *   dataDirectory: string, databaseUrl?: string, shared?: string, publicUrl?: string,
 *   nodeArguments?: readonly string[], settings?: Record<string, string>,
 * }} DoorwardOptions
 */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Compiles the sources into a copy of the program; types are not checked here. Where there are no sources, what is built
 * is copied.
 * @param {string} directory @param {string} [checkout] this one unless given @returns {Program}
 */
export function copyProgram(directory, checkout = PROJECT) {
  const from = resolve(checkout);
  const folder = join(directory, `program-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder, { mode: 0o755 });
  for (const name of ['bin', 'catalogue', 'migrations', 'package.json'])
    cpSync(join(from, name), join(folder, name), { recursive: true });
  symlinkSync(join(from, 'node_modules'), join(folder, 'node_modules'));
  if (existsSync(join(from, 'src'))) compile(from, folder);
  else cpSync(join(from, 'dist'), join(folder, 'dist'), { recursive: true });
  return { launcher: join(folder, 'bin', 'doorward.js'), dist: join(folder, 'dist') };
}

/** @param {string} from @param {string} folder */
function compile(from, folder) {
  const project = join(folder, 'tsconfig.json');
  const compilerOptions = { noCheck: true, rootDir: join(from, 'src'), outDir: join(folder, 'dist') };
  const extended = join(from, 'tsconfig.build.json');
  writeFileSync(
    project,
    JSON.stringify({ extends: extended, compilerOptions, include: [join(from, 'src')] }),
  );
  const compiler = join(from, 'node_modules', 'typescript', 'bin', 'tsc');
  const compiled = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(`the build failed:\n${compiled.stdout}`);
}

/** Only what a server needs: settings of a Doorward that is really used here must not reach the bench. */
export function plainEnvironment() {
  return { PATH: process.env['PATH'], HOME: '/nonexistent', LANG: 'C.UTF-8', NO_COLOR: '1' };
}

/**
 * @param {import('./processes.js').Stage} stage
 * @param {Program} program
 * @param {DoorwardOptions} options
 */
export async function startDoorward(stage, program, options) {
  const { dataDirectory, databaseUrl, shared = dataDirectory, publicUrl, nodeArguments = [] } = options;
  for (const path of [dataDirectory, shared]) mkdirSync(path, { mode: 0o700, recursive: true });
  const server = await stage.startServer({
    name: 'doorward',
    command: [process.execPath, ...process.execArgv, ...nodeArguments, program.launcher, 'serve'],
    environment: {
      ...plainEnvironment(),
      DOORWARD_DATA_DIR: dataDirectory,
      DOORWARD_ROOT_KEY_FILE: join(shared, 'root.key'),
      DOORWARD_OWNER_CREDENTIAL_FILE: join(shared, 'owner.credential'),
      DOORWARD_LISTEN: '127.0.0.1:0',
      DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8', // the bench's upstream is on loopback
      DOORWARD_TOKEN_SECONDS: '900',
      DOORWARD_DRAIN_SECONDS: '2',
      DOORWARD_LOG_LEVEL: 'warn',
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      ...(publicUrl === undefined ? {} : { DOORWARD_PUBLIC_URL: publicUrl }),
      ...options.settings,
    },
  });
  const address = await waitFor(server, () => / listens on (http:\S+)/.exec(server.output())?.[1]);
  const readyMs = performance.now() - server.startedMs;
  const { port } = new URL(address);
  const credential = () => readFileSync(join(shared, 'owner.credential'), 'utf8').trim();
  return { server, pid: server.pid, port: Number(port), readyMs, ...createAdmin(address, credential) };
}

/** @param {string} address @param {() => string} readCredential */
function createAdmin(address, readCredential) {
  /** @param {string} name @param {string} key @returns {Promise<string>} */
  const token = async (name, key) => {
    const basic = Buffer.from(`${name}:${key}`).toString('base64');
    const answer = await fetch(`${address}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${text}`);
    return JSON.parse(text).access_token;
  };
  /** @type {{ value: Promise<string>, untilMs: number } | undefined} */
  let owner;
  /** One administrative request. @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
  const admin = async (method, path, body) => {
    if (owner === undefined || owner.untilMs < performance.now())
      owner = { value: token('owner', readCredential()), untilMs: performance.now() + 60_000 };
    const answer = await fetch(`${address}${path}`, {
      method,
      headers: { authorization: `Bearer ${await owner.value}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  return { token, admin };
}

/**
 * Secret, service, agent and grant in one go; gives the agent key.
 * @param {Pick<Doorward, 'admin'>} doorward @param {{ name?: string, baseUrl: string }} options @returns {Promise<string>}
 */
export async function register({ admin }, { name = 'bench', baseUrl }) {
  await admin('POST', '/v1/secrets', { name, value: `sk-bench-${randomBytes(24).toString('base64url')}` });
  await admin('POST', '/v1/services', { name, baseUrl, auth: { kind: 'bearer' }, secret: name });
  const { key } = await admin('POST', '/v1/agents', { name });
  await admin('POST', '/v1/grants', { agent: name, service: name });
  return key;
}
