// The README's shell blocks, run in order as they stand: each section in a shell and a home directory of its own, against
// a real server and a vendor on loopback. What is replaced, and only that, is listed in `replacements`.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditEvent } from '../../src/core/audit-event.ts';
import { PROBLEM_PATH, type ProblemCode, PROBLEMS } from '../../src/core/problem.ts';
import { SHORT_LIVED } from '../cli/process.ts';
import { createEmptyPostgres, testServer } from '../support/database.ts';
import { fencesOf, readPage, ROOT } from './fences.ts';

const KEY = 'sk-readme+/0Xk3Vq9ZtR7bLw5Ns8Ya';
const NEW_KEY = 'sk-readme+/1Pm4Tq2ZtR9bLw6Ns3Xc';
/** Some twenty starts of Node, which a busy machine may take its time for. */
const TIMEOUT_MS = 240_000;
const PASSPHRASE = 'four words of the readme';
const fences = fencesOf(readPage('README.md'));

describe('every block of the README', () => {
  it.each(fences)('is run, checked, or labelled ($language, $section)', ({ language, around }) => {
    if (language !== 'sh' && language !== 'json') expect(around).toMatch(/Not run here: /);
  });

  it('of JSON is an audit event or a problem as they are', () => {
    const documents = fences
      .filter(({ language }) => language === 'json')
      .map(({ text }) => JSON.parse(text));
    const [problem, event] = documents;
    expect(documents).toHaveLength(2);
    expect(AuditEvent.parse(event)).toEqual(event);
    const { help: _help, ...kind } = PROBLEMS[problem.code as ProblemCode]; // JSON.parse knows no type
    expect(problem).toMatchObject(kind);
    expect(problem.type).toBe(`http://127.0.0.1:7420${PROBLEM_PATH}${problem.code}`);
    expect(problem.error).toMatchObject({ message: problem.detail, code: problem.code, type: problem.fault });
  });
});

describe('the shell blocks of the README', { timeout: TIMEOUT_MS }, () => {
  let directory: string;
  let vendor: { readonly url: string; readonly stop: () => void };

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'readme-test-'));
    writeCurl(join(directory, 'bin'));
    vendor = await startVendor();
  });
  afterAll(() => {
    vendor.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  });

  it('of the quick start do what they say', async () => {
    const { code, output } = await runSection('Quick start');
    expect(output.match(/demo-1/g)).toHaveLength(6); // one answer of the vendor in `run`, five by curl
    expect(output).toMatch(
      /OpenAI is added\.\n.*it goes to http:\S+ and nowhere else\n.*\n.*: the key works/,
    );
    expect(output).toMatch(/OPENAI_API_KEY=sk-proj-/);
    expect(output).toMatch(/OPENAI_BASE_URL=http:\S+\/call\/openai\/v1/);
    expect(output).toMatch(/run run_\w+: 1 call, 0 refused, 0 failed/);
    expect(output).toContain('"needed_grant":"GET /v1/files"');
    expect(output.match(/exit code 5/g)).toHaveLength(2); // outside the grant, and frozen
    expect(output).toContain('is frozen');
    expect(output).toContain('nothing was changed');
    expect(output).toMatch(/rotation\.promote/);
    expect(output).toMatch(/^2\tcurrent/m);
    expect(output).not.toContain(KEY);
    expect(output).not.toContain(NEW_KEY);
    expect(code).toBe(0);
  });

  it('of the passphrase option start a broker whose key files are sealed', async () => {
    const { code, output, home } = await runSection('The local boundary', {
      DOORWARD_PASSPHRASE_FILE: writeFile('passphrase', PASSPHRASE), // nobody is here to type it
    });
    expect(output).toContain('Doorward listens on');
    const credential = readFileSync(
      join(home, '.local', 'share', 'doorward-sealed', 'owner.credential'),
      'utf8',
    );
    expect(credential).not.toContain('dw_owner_');
    expect(code).toBe(0);
  });

  const server = testServer();
  it.runIf(server !== undefined)('of Postgres start a broker as two roles', async () => {
    if (server === undefined) return;
    const { options, drop } = await createEmptyPostgres(server);
    try {
      if (options.kind !== 'postgres') throw new Error('not a Postgres database');
      const { code, output } = await runSection('Postgres', {
        TEST_OWNER_URL: options.migrationUrl ?? '',
        TEST_APP_URL: options.url,
      });
      expect(output).toContain('Doorward listens on');
      expect(code).toBe(0);
    } finally {
      await drop();
    }
  });

  const replacements: readonly (readonly [string, string])[] = [
    ['npm start', 'start_server'], // in the background, until it says where it listens
    ['http://127.0.0.1:7420', '$TEST_URL'], // its address: the port is taken by chance
    ['doorward add openai', 'doorward add openai --base-url $TEST_VENDOR'], // the catalogue knows the vendor's own
    ['https://api.openai.com', '$TEST_VENDOR'],
    ['postgres://doorward_owner:…@db.example/doorward', '"$TEST_OWNER_URL"'],
    ['postgres://doorward_app:…@db.example/doorward', '"$TEST_APP_URL"'],
  ];

  async function runSection(section: string, more: Readonly<Record<string, string>> = {}) {
    const home = join(directory, section.replaceAll(' ', '-'));
    mkdirSync(home);
    writeFileSync(join(home, 'openai.key'), `${KEY}\n`);
    writeFileSync(join(home, 'openai-new.key'), `${NEW_KEY}\n`);
    const blocks = fences.filter((fence) => fence.language === 'sh' && fence.section === section);
    const script = replacements.reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      blocks.map(({ text }) => text).join('\n'),
    );
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(DOORWARD_|DATABASE_URL|XDG_|OPENAI_|https?_proxy)/i.test(name),
    );
    const environment = {
      ...Object.fromEntries(inherited),
      HOME: home,
      PATH: `${process.env['PATH'] ?? ''}:${join(directory, 'bin')}`,
      TEST_VENDOR: vendor.url,
      DOORWARD_LISTEN: '127.0.0.1:0',
      DOORWARD_LOG_LEVEL: 'warn',
      DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
      ...more,
    };
    const result = await runShell(`${PRELUDE}\n${script}`, environment);
    return { ...result, home };
  }

  function writeFile(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }
});

/** Stops at the first command that fails. The server ends with the shell. */
const PRELUDE = `
set -eu
start_server() {
  "${process.execPath}" ${SHORT_LIVED.join(' ')} bin/doorward.js serve > "$HOME/server.log" 2>&1 &
  server=$!
  trap 'kill $server; wait $server || true' EXIT
  until grep -q 'listens on' "$HOME/server.log"; do
    kill -0 $server || { cat "$HOME/server.log"; exit 1; }
    sleep 0.1
  done
  cat "$HOME/server.log"
  TEST_URL=$(sed -n 's/^Doorward listens on //p' "$HOME/server.log")
}
`;

function runShell(script: string, environment: Readonly<Record<string, string | undefined>>) {
  const child = spawn('sh', ['-s'], { cwd: ROOT, env: environment });
  child.stdin.end(script);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise<{ code: number | null; output: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, output })),
  );
}

async function startVendor() {
  const child = spawn(process.execPath, [`${ROOT}examples/demo/vendor.js`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(`${KEY} ${NEW_KEY}\n`);
  const [line] = await new Promise<string[]>((resolve) =>
    createInterface({ input: child.stdout }).once('line', (text) => resolve([text])),
  );
  const url = / listens on (\S+)/.exec(line ?? '')?.[1] ?? '';
  return { url, stop: () => child.kill() };
}

/** Last in the PATH: for machines without curl, with the options that the README uses. */
function writeCurl(folder: string): void {
  mkdirSync(folder);
  const path = join(folder, 'curl');
  writeFileSync(
    path,
    `#!${process.execPath}
const headers = {};
let url = '';
for (let at = 2; at < process.argv.length; at += 1) {
  const word = process.argv[at];
  if (word === '-H') { const [name, ...rest] = process.argv[++at].split(': '); headers[name] = rest.join(': '); }
  else if (word === '-u') headers.authorization = 'Basic ' + Buffer.from(process.argv[++at]).toString('base64');
  else if (word !== '-s') url = word;
}
fetch(url, { headers }).then(async (answer) => process.stdout.write(await answer.text()));
`,
  );
  chmodSync(path, 0o755);
}
