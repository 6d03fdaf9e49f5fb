// A61: an agent that runs under the owner's uid goes for the keys themselves.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attack } from '../attack.ts';
import type { Scene } from '../scene.ts';

/** Runs inside; prints one line of JSON with what it got. Whatever it can not do is not in it. */
const AGENT = String.raw`
const fs = require('node:fs');
const net = require('node:net');
const http = require('node:http');
const { spawnSync } = require('node:child_process');
const { places, pids, launcher, owner, call } = JSON.parse(process.argv[1]);
const got = { read: [], listed: [], connected: [], processes: [], memory: [], commands: [], environment: [], called: 0 };
const attempt = (work) => { try { work(); } catch {} };
const walk = (path) => {
  attempt(() => { const names = fs.readdirSync(path); if (names.length > 0) got.listed.push(path); for (const name of names) walk(path + '/' + name); });
  attempt(() => { if (fs.statSync(path).isFile()) { fs.readFileSync(path); got.read.push(path); } });
};
const isServer = (pid) => fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').split('\0').includes('serve');
places.forEach(walk);
for (const pid of pids) {
  attempt(() => { fs.readFileSync('/proc/' + pid + '/environ'); if (isServer(pid)) got.processes.push(pid); });
  attempt(() => { const file = fs.openSync('/proc/' + pid + '/mem', 'r'); fs.readSync(file, Buffer.alloc(16), 0, 16, 4096 * 1024); got.memory.push(pid); });
}
for (const name of fs.readdirSync('/proc')) attempt(() => { if (/^[0-9]+$/.test(name) && isServer(name)) got.processes.push(name); });
for (const [name, value] of Object.entries(process.env)) if (/^DOORWARD_(?!URL|TOKEN|RUN)|^DATABASE_URL/.test(name) || value.includes(owner)) got.environment.push(name);
for (const words of [['grant', 'add', 'x', 'y'], ['secret', 'list'], ['agent', 'add', 'attack-inside'], ['audit', 'list']]) {
  const ended = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8' });
  if (ended.status === 0) got.commands.push(words.join(' '));
}
const sockets = places.map((path) => path + '/admin.sock');
const next = () => {
  const path = sockets.shift();
  if (path === undefined) { finish(); return; }
  const socket = net.connect(path);
  socket.on('connect', () => { got.connected.push(path); socket.destroy(); next(); });
  socket.on('error', next);
};
let tries = 40;
const finish = () => {
  const url = new URL(process.env.DOORWARD_URL + call);
  http.get(url, { headers: { authorization: 'Bearer ' + process.env.DOORWARD_TOKEN } }, (response) => {
    got.called = response.statusCode;
    response.resume();
    const isPassing = response.statusCode === 503 && (tries -= 1) > 0; // a broker that stood still asks to be asked again
    response.on('end', () => (isPassing ? setTimeout(finish, 250) : console.log(JSON.stringify(got))));
  }).on('error', () => console.log(JSON.stringify(got)));
};
next();
`;

interface Got {
  readonly read: readonly string[];
  readonly listed: readonly string[];
  readonly connected: readonly string[];
  readonly processes: readonly string[];
  readonly memory: readonly string[];
  readonly commands: readonly string[];
  readonly environment: readonly string[];
  readonly called: number;
}

function readGot(stdout: string): Got | undefined {
  const line = stdout.split('\n').find((text) => text.startsWith('{"read"'));
  return line === undefined ? undefined : (JSON.parse(line) as Got); // what the program above prints
}

export const a61: Attack = {
  id: 'A61',
  who: ['PI'],
  title:
    'As an agent under the owner’s uid, read key files and other processes, use the admin socket, run `doorward grant add`',
  mustHold: 'inside `doorward run` none of it exists; outside, `doorward status` says what is exposed',
  needs: ['sandbox', 'command-line', 'processes'],
  run: async (scene) => {
    const { upstream, standing, mark } = await scene.stand();
    const { privatePlaces: places, pids } = scene.processes;
    const given = JSON.stringify({
      places,
      pids: pids(),
      launcher: process.argv[1],
      owner: readOwner(places),
      call: `${standing.path}/inside`,
    });
    const words = ['run', standing.agent, '--sandbox', 'require', '--', process.execPath, '-e', AGENT, given];
    const { code, stdout, stderr } = await scene.commandLine.run(words);
    const got = readGot(stdout);
    scene.claim(
      'caller',
      'the agent ran to its end',
      code === 0 && got !== undefined,
      `${code} ${stdout} ${stderr}`,
    );
    if (got === undefined) return;
    scene.equal('caller', 'it read no key file', got.read, []);
    scene.equal('caller', 'it listed no private directory', got.listed, []);
    scene.equal('caller', 'it reached no admin socket', got.connected, []);
    scene.equal('caller', 'it saw no server', got.processes, []);
    scene.equal('caller', 'it read no memory', got.memory, []);
    scene.equal('caller', 'no command did anything for it', got.commands, []);
    scene.equal('caller', 'its environment holds nothing of ours', got.environment, []);
    scene.equal('caller', 'while its call went through', got.called, 200);
    scene.equal(
      'upstream',
      'which arrived',
      upstream.seen.map(({ target }) => target),
      ['/inside'],
    );
    scene.claim('upstream', 'with the key', upstream.heard().includes(standing.value));
    scene.claim('upstream', 'and nothing of the owner’s', !upstream.heard().includes(readOwner(places)));
    await exposureIsTold(scene, places);
    const entries = await scene.target.logSince(mark);
    const made = entries.filter(({ reason }) => reason === 'grant.create' || reason === 'agent.create');
    scene.equal('log', 'nothing was granted or made', made.length, 0);
    await scene.logged(
      'the run and its call are on record',
      mark,
      ({ kind, text }) => kind === 'sent' && text.includes('/inside') && text.includes('run_'),
    );
  },
};

function readOwner(places: readonly string[]): string {
  const files = places.map((place) => join(place, 'owner.credential')).filter((path) => existsSync(path));
  return files[0] === undefined ? 'none' : readFileSync(files[0], 'utf8').trim();
}

async function exposureIsTold(scene: Scene, places: readonly string[]): Promise<void> {
  const { stdout } = await scene.commandLine.run(['status', '--json']);
  scene.claim(
    'beside',
    'outside, the status says what is exposed',
    places.some((place) => stdout.includes(place)),
    stdout,
  );
}
