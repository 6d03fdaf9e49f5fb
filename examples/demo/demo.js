// The main job in one go, with real processes and real clients: a key goes in, an agent calls out, the key never shows.
// Run it by `npm run demo`; with `-- --keep` the broker and the demo vendor go on, to be played with.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findForms, searchForms, withoutFraming } from './key-forms.js';
import { CheckFailed, createReport } from './report.js';
import { AGENT, DOORWARD, openStage } from './stage.js';

/** @typedef {import('./stage.js').Stage} Stage */
/** @typedef {import('./stage.js').Agent} Agent */

const QUESTION = 'Hello from a program without a key';
const EVENT_TRIES = 20;
const ALLOWED = ['GET /v1/models', 'POST /v1/chat/**', 'GET /v1/echo'];

// The vendor's key, made for this one demo. `+` and `/` so that its encodings differ from it.
const key = `sk-demo+/${randomBytes(24).toString('base64url')}`;
const forms = searchForms(key);
const report = createReport();
const isKept = process.argv.includes('--keep');
const stage = openStage();
let isInterrupted = false;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => {
    isInterrupted = true;
    void stage.close().finally(() => process.exit(130));
  });
}

try {
  await show();
  if (isKept) stage.leave();
} catch (error) {
  process.exitCode = 1;
  if (!(error instanceof CheckFailed) && !isInterrupted) console.error(error);
}
if (!isKept || process.exitCode !== undefined) await stage.close();

async function show() {
  report.title('Doorward: your agents call the API, they never hold the key');
  report.say(
    'Starting a vendor and a broker with a database of its own. The first time this takes some seconds…',
  );
  const vendor = await stage.startVendor(key);
  const broker = await stage.startBroker();

  report.title('An administrator registers a key');
  await registerKey(vendor.address);

  report.title('An agent with the official OpenAI SDK, started by `doorward run`');
  const agent = await stage.startAgent('helper');
  await answeredCalls(agent);
  await echoedKey(agent, vendor.address);
  await callOutsideTheGrant(agent);

  report.title('What the agent has of the key');
  const placeholder = await belongings(agent);
  const reachable = await agent.ask('reach', keyPlaces());

  report.title('The administrator stops it');
  await frozen(agent);
  const { said } = await agent.end();
  hiddenPlaces(reachable.value, said);
  await placeholderAfterTheRun(broker.address, placeholder);

  report.title('What is left behind');
  keyAtRest();
  await auditTrail();

  if (isKept) sayHowToGoOn([broker.pid, vendor.pid]);
  report.finish();
}

/** @param {string} vendorUrl */
async function registerKey(vendorUrl) {
  await stage.doorward(['secret', 'add', 'demo-key'], key); // by stdin: a value in the arguments is refused
  const service = ['service', 'add', 'vendor', '--base-url', vendorUrl, '--auth', 'bearer'];
  const variables = ['--key-env', 'OPENAI_API_KEY', '--base-url-env', 'OPENAI_BASE_URL=/v1'];
  await stage.doorward([...service, '--secret', 'demo-key', ...variables]);
  await stage.doorward(['agent', 'add', 'helper']);
  const rules = ALLOWED.flatMap((rule) => ['--allow', rule]);
  await stage.doorward(['grant', 'add', 'helper', 'vendor', ...rules]);

  const shown = await stage.doorward(['secret', 'show', 'demo-key', '--json']);
  const { services } = JSON.parse(shown);
  const holds = services[0] === 'vendor' && findForms(forms, Buffer.from(shown)).length === 0;
  const expected = 'the secret shows its service and no value';
  report.check('key registered', holds, {
    detail: `sealed for ${vendorUrl}, for the agent "helper" on ${ALLOWED.length} rules`,
    expected,
    got: shown,
  });
}

/** @param {Agent} agent */
async function answeredCalls(agent) {
  const chat = await agent.ask('chat');
  const text = `You said: ${QUESTION}`;
  report.check('SDK call answered', chat.value === text, { detail: text, expected: text, got: chat });

  const stream = await agent.ask('stream');
  const { text: streamed, pieces, firstMs, lastMs } = stream.value ?? {};
  report.check('stream answered', streamed === text && pieces > 5 && lastMs - firstMs > 100, {
    detail: `${pieces} pieces, the first after ${Math.round(firstMs)} ms, the last after ${Math.round(lastMs)} ms`,
    expected: `"${text}" word by word, not all at once`,
    got: stream,
  });
}

/** @param {Agent} agent @param {string} vendorUrl */
async function echoedKey(agent, vendorUrl) {
  const direct = await fetch(`${vendorUrl}/v1/echo`, { headers: { authorization: `Bearer ${key}` } });
  const sent = findForms(forms, Buffer.from(`${direct.headers.get('x-echo')} ${await direct.text()}`));
  const { value } = await agent.ask('echo');
  const masked = `Bearer ${'*'.repeat(key.length)}`;
  const isMasked = value?.header === masked && value.body.headers.authorization === masked;
  const left = findForms(forms, Buffer.from(JSON.stringify(value ?? '')));
  report.check('echoed key masked', isMasked && left.length === 0 && sent.length >= 5, {
    detail: `the vendor sent it as ${sent.join(', ')}; the agent read "${value?.body.headers.authorization}"`,
    expected: `"${masked}", and no form of the key`,
    got: { value, sent, left },
  });
}

/** @param {Agent} agent */
async function callOutsideTheGrant(agent) {
  const { error } = await agent.ask('files');
  const refusals = await eventsOnce((all) => all.length > 0, 'call.refused');
  const isRight =
    error?.class === 'PermissionDeniedError' && error.rule === 'grant' && error.code === 'not-allowed';
  report.check('path outside the grant refused, once', isRight && refusals.length === 1, {
    detail: `rule "${error?.rule}", ${error?.class}: ${error?.message}`,
    expected: 'the SDK\'s PermissionDeniedError that names the rule "grant", after exactly one attempt',
    got: { error, attempts: refusals.length },
  });
}

/** @param {Agent} agent @returns {Promise<string>} the placeholder it works with */
async function belongings(agent) {
  const { value } = await agent.ask('belongings');
  const received = Buffer.from(value.received, 'base64');
  const given = Buffer.from(`${JSON.stringify(value.environment)} ${JSON.stringify(value.arguments)}`);
  const values = Buffer.from(`${Object.values(value.environment).join('\n')}\n${value.arguments.join('\n')}`);
  const found = [given, values, received, withoutFraming(received)].flatMap((bytes) =>
    findForms(forms, bytes),
  );
  const size = `${received.length} bytes received`;
  report.check(
    'no form of the key in its environment, arguments or anything it received',
    found.length === 0,
    {
      detail: `${forms.size} encodings, ${Object.keys(value.environment).length} variables, ${size}: 0 found`,
      expected: 'nothing found',
      got: found,
    },
  );
  return value.environment.OPENAI_API_KEY;
}

/** Where the key could be had from: the keys of the installation, its database and its socket. */
function keyPlaces() {
  const names = ['root.key', 'owner.credential', 'admin.sock', 'audit-heads.json', join('db', 'PG_VERSION')];
  return names.map((name) => join(stage.dataDirectory, name));
}

/** @param {readonly string[]} reachable @param {string} said what `doorward run` told its user */
function hiddenPlaces(reachable, said) {
  const warning = said.split('\n').find((line) => line.includes('Nothing is hidden'));
  if (warning !== undefined) {
    report.note('Nothing is hidden from the agent here: install bubblewrap (bwrap) on Linux to see it.');
    report.say('Without it an agent of the same user can read the root key and the owner credential,');
    report.say('and with them every secret. "doorward run --sandbox require" refuses to start then.');
    return;
  }
  const isHidden = reachable.length === 0 && keyPlaces().every((path) => existsSync(path));
  report.check('key files, data directory and admin socket are not there for it', isHidden, {
    detail: `${keyPlaces().length} places that are there outside, tried from inside`,
    expected: 'none of them to be reached',
    got: reachable,
  });
}

/** @param {Agent} agent */
async function frozen(agent) {
  await stage.doorward(['agent', 'freeze', 'helper']);
  const { error } = await agent.ask('chat');
  report.check('agent frozen, next call refused', error?.status === 403 && error.code === 'frozen', {
    detail: `${error?.class}: ${error?.message}`,
    expected: 'the same client object gets 403 with the code "frozen"',
    got: error,
  });
}

/** @param {string} brokerUrl @param {string} placeholder */
async function placeholderAfterTheRun(brokerUrl, placeholder) {
  await stage.doorward(['agent', 'unfreeze', 'helper']);
  const headers = { authorization: `Bearer ${placeholder}` };
  const answer = await fetch(`${brokerUrl}/call/vendor/v1/models`, { headers });
  const problem = /** @type {{ detail?: string }} */ (await answer.json());
  report.check("the agent's placeholder is worthless once it has ended", answer.status === 401, {
    detail: `${placeholder.slice(0, 12)}…: ${answer.status} ${problem.detail}`,
    expected: '401',
    got: { status: answer.status, problem },
  });
}

function keyAtRest() {
  const files = readdirSync(stage.directory, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  let bytes = 0;
  const found = files.flatMap((file) => {
    const content = readIfThere(join(file.parentPath, file.name));
    bytes += content.length;
    return findForms(forms, content).map((form) => `${file.name}: ${form}`);
  });
  report.check('no form of the key on disk', found.length === 0 && files.length > 100, {
    detail: `${files.length} files of the database, the keys and the logs, ${Math.round(bytes / 1e6)} MB`,
    expected: 'nothing found',
    got: found,
  });
}

/** The broker goes on: a file may be gone since it was listed. @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

async function auditTrail() {
  const all = await eventsOnce((found) => {
    const { 'call.outcome': ends, 'call.refused': refused } = count(found);
    return ends === 3 && refused === 2;
  });
  const counts = count(all);
  const { 'call.intent': intents, 'call.outcome': outcomes, 'call.refused': refusals } = counts;
  const hasLeak = all.some(({ leaks }) => leaks !== undefined && leaks.matches > 0);
  const isClean = findForms(forms, Buffer.from(JSON.stringify(all))).length === 0;
  const isWhole = intents === 3 && outcomes === 3 && refusals === 2 && hasLeak && isClean;
  report.check('all of it is in the audit log, without the key', isWhole, {
    detail: Object.entries(counts)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', '),
    expected: '3 intents with 3 outcomes (one that notes the echo), 2 refusals, and no form of the key',
    got: { counts, hasLeak, isClean },
  });

  const verdict = JSON.parse(await stage.doorward(['audit', 'verify', '--json']));
  report.check('audit verify', verdict.ok && verdict.events >= all.length, {
    detail: `${verdict.events} events in ${verdict.chains} chains, nothing edited, deleted or reordered`,
    expected: 'every event to be in its place',
    got: verdict,
  });
}

/** @param {readonly { kind: string }[]} all @returns {Record<string, number>} */
function count(all) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { kind } of all) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/**
 * Events, once they are so, or after some seconds: how a call ended is written behind its answer.
 * @param {(found: Event[]) => boolean} areSo @param {string} [kind]
 */
async function eventsOnce(areSo, kind) {
  for (let tries = 1; ; tries += 1) {
    const found = await events(kind);
    if (areSo(found) || tries === EVENT_TRIES) return found;
    await delay(500);
  }
}

/** @typedef {{ kind: string, leaks?: { matches: number } }} Event */

/** @param {string} [kind] @returns {Promise<Event[]>} */
async function events(kind) {
  const filter = kind === undefined ? [] : ['--kind', kind];
  return JSON.parse(await stage.doorward(['audit', 'list', '-n', '500', '--json', ...filter])).items;
}

/** @param {readonly number[]} pids */
function sayHowToGoOn(pids) {
  report.title('Everything goes on. To play with it:');
  const node = quoted(process.execPath);
  const doorward = `${node} ${quoted(DOORWARD)}`;
  const lines = [
    `export DOORWARD_DATA_DIR=${quoted(stage.dataDirectory)}`,
    `${doorward} call vendor GET /v1/echo --agent helper`,
    `echo chat | ${doorward} run helper -- ${node} ${quoted(AGENT)}`,
    `${doorward} log -f`,
  ];
  for (const line of lines) console.log(`  ${line}`);
  report.title('To stop it and remove its directory:');
  console.log(`  kill ${pids.join(' ')} && sleep 1 && rm -r ${quoted(stage.directory)}`);
}

/** As a shell reads it. @param {string} path */
function quoted(path) {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
