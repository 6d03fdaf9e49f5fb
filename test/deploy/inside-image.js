// Runs inside an image, as its user: starts the image's own command, asks its own health check until it passes, tries to
// write where it must not, and tells what it found as JSON.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';

const { command, doctor, healthCheck } = JSON.parse(process.argv[2] ?? '');
/** @param {string[]} command */
const run = ([file = '', ...words]) => spawnSync(file, words, { encoding: 'utf8', timeout: 60_000 });
const LIMIT_MS = 90_000;
const { DOORWARD_DATA_DIR: dataDirectory = '' } = process.env;

const healthBefore = run(healthCheck).status;
const [file, ...words] = command;
const server = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
let output = '';
server.stdout.on('data', (bytes) => (output += bytes));
server.stderr.on('data', (bytes) => (output += bytes));
const ended = new Promise((resolve) => server.once('exit', (code, signal) => resolve({ code, signal })));

let isOver = false;
void ended.then(() => (isOver = true));
/** @type {number | null} */
let health = 1;
for (const until = Date.now() + LIMIT_MS; health !== 0 && !isOver && Date.now() < until; ) {
  health = run(healthCheck).status;
  await new Promise((resolve) => setTimeout(resolve, 200));
}
const ready = await untilReady();
const report = {
  uid: process.getuid?.(),
  healthBefore,
  health,
  ready,
  doctor: run(doctor).stdout,
  refusedWrites: ['/app', '/etc', '/', '/usr'].map((folder) => tryToWrite(folder)),
  dataMode: existsSync(dataDirectory) ? (statSync(dataDirectory).mode & 0o777).toString(8) : 'none',
  app: readdirSync('/app').sort(),
  packages: readdirSync('/app/node_modules'),
};
server.kill('SIGTERM');
process.stdout.write(JSON.stringify({ ...report, ended: await ended, output }));

async function untilReady() {
  for (const until = Date.now() + LIMIT_MS; !isOver && Date.now() < until; ) {
    const status = await fetch('http://127.0.0.1:7420/readyz').then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return 200;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return 0;
}

/** @param {string} folder */
function tryToWrite(folder) {
  try {
    writeFileSync(`${folder}/written`, '');
    return `${folder} was written`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : 'failed';
  }
}
