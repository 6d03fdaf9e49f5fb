// A stranger's first ten minutes, typed into a real terminal, from the first key to the last revocation. The vendors have
// their own names and TLS in a network namespace of the test's. What was shown is the recording in the README.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_SANDBOX } from '../cli/needs.ts';
import { SHORT_LIVED } from '../cli/process.ts';
import { compiledLauncher } from '../support/compiled.ts';
import { eventually } from './server.ts';
import { linesOfSvg, type RecordedStep, toSvg } from '../support/recording.ts';
import { TmuxTerminal } from '../support/tmux.ts';

const VENDORS = fileURLToPath(new URL('ten-minutes-vendors.js', import.meta.url));
const PICTURE = fileURLToPath(new URL('../../docs/images/ten-minutes.svg', import.meta.url));
// Put together, so that nobody's scanner takes them for someone's.
const OPENAI_KEY = `sk-proj-${'Qx7RmT2vLp9Zc4Ks8WbNfY3hJd6GuA1e'.repeat(2)}`;
const GITHUB_KEY = ['ghp', 'Tq7RmW2vLp9Zc4Ks8XbNfY3hJd6GuA1eBz5C'].join('_');
const COLUMNS = 118;
const PROMPT = /^\$$/;

const MODELS = { object: 'list', data: [{ id: 'gpt-5', object: 'model' }] };
const SAY_HELLO = `sh -c 'curl -s "$OPENAI_BASE_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"'`;
const DELETE = `sh -c 'curl -s -X DELETE "$OPENAI_BASE_URL/files/f1" -H "Authorization: Bearer $OPENAI_API_KEY" | cut -c1-92'`;
const ASK_GITHUB = `curl -s localhost:7420/call/github/user -H "Authorization: Bearer $(sed -n 's/GITHUB_TOKEN=//p' .env)" | cut -c1-72`;

let root: string;
let sandbox: ChildProcess;
let terminal: TmuxTerminal;
const steps: RecordedStep[] = [];

function prepare(): void {
  for (const name of ['home', 'bin']) mkdirSync(join(root, name));
  const program = `#!/bin/sh\nexec node ${SHORT_LIVED.join(' ')} ${compiledLauncher()} "$@"\n`;
  writeFileSync(join(root, 'bin/doorward'), program, { mode: 0o755 });
  writeFileSync(join(root, 'hosts'), '127.0.0.1 localhost api.openai.com api.github.com\n');
  writeFileSync(join(root, 'bashrc'), "PS1='$ '\n");
  writeFileSync(join(root, 'home/.env'), `GITHUB_TOKEN=${GITHUB_KEY}\nDEBUG=1\n`);
  const vendors = {
    'api.openai.com': { key: OPENAI_KEY, answer: MODELS },
    'api.github.com': { key: GITHUB_KEY, answer: { login: 'octocat' } },
  };
  writeFileSync(join(root, 'vendors.json'), JSON.stringify(vendors));
  const names = 'subjectAltName=DNS:api.openai.com,DNS:api.github.com';
  const certificate =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=vendors'.split(' ');
  const files = ['-keyout', join(root, 'key.pem'), '-out', join(root, 'cert.pem')];
  execFileSync('openssl', [...certificate, '-addext', names, ...files], { stdio: 'ignore' });
}

/** Everything of the ten minutes, and nothing else, in namespaces of their own: port 443 and the vendors' names are free there. */
function enter(): ChildProcess {
  const session = [
    'new-session',
    '-d',
    '-x',
    String(COLUMNS),
    '-y',
    '50',
    `bash --noprofile --rcfile ${root}/bashrc`,
  ];
  const shell = `node ${VENDORS} ${root} & tmux -S ${root}/tmux -f /dev/null "$@"; wait`;
  const own = [
    '--unshare-user',
    '--uid',
    '0',
    '--gid',
    '0',
    '--unshare-net',
    '--unshare-pid',
    '--die-with-parent',
  ];
  const binds = [
    '--dev-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--tmpfs',
    '/home',
    '--bind',
    join(root, 'home'),
    '/home/you',
  ];
  const hosts = ['--ro-bind', join(root, 'hosts'), '/etc/hosts', '--chdir', '/home/you'];
  return spawn(
    'bwrap',
    [...own, '--cap-add', 'ALL', ...binds, ...hosts, 'sh', '-c', shell, 'sh', ...session],
    {
      stdio: 'ignore',
      env: {
        PATH: `${root}/bin:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        HOME: '/home/you',
        TERM: 'xterm-256color',
        LANG: 'C.UTF-8',
        NO_COLOR: '1',
        NODE_EXTRA_CA_CERTS: `${root}/cert.pem`,
        DOORWARD_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
      },
    },
  );
}

/** Types a command, answers what it asks, and keeps what it showed. */
async function play(typed: string, answers: Readonly<Record<string, string>> = {}): Promise<string> {
  const before = (await terminal.waitFor(PROMPT)).split('\n').length;
  await terminal.type(typed);
  for (const [question, answer] of Object.entries(answers)) {
    // The last line of a question is its frame.
    await terminal.waitFor(new RegExp(question));
    await terminal.type(answer);
  }
  const after = (await terminal.waitFor(PROMPT, before + 1)).split('\n');
  const shown = after.slice(before, -1);
  steps.push({ typed, shown });
  return shown.join('\n');
}

describe.runIf(HAS_SANDBOX)('ten minutes of a stranger', () => {
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'doorward-ten-'));
    prepare();
    terminal = new TmuxTerminal(join(root, 'tmux'));
    sandbox = enter();
  });
  afterAll(async () => {
    sandbox?.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  });

  test('add a key, take in an .env, run, look, be refused, ask why, revoke', async () => {
    await play('doorward serve > serve.log 2>&1 &');
    // A person would have read on meanwhile. The shell asks on before the job in the background has opened its log.
    const path = join(root, 'home/serve.log');
    const log = () => (existsSync(path) ? readFileSync(path, 'utf8') : '');
    await eventually(60_000, () => Promise.resolve(/listens on/.test(log()) ? true : undefined));
    expect(await play('doorward add openai', { '└': OPENAI_KEY })).toMatch(/answered 200: the key works/);
    expect(await play('cat .env')).toContain(GITHUB_KEY);
    expect(await play('doorward import .env --replace', { '└': 'y' })).toMatch(/1 value in 1 file replaced/);
    const placeholder = /GITHUB_TOKEN=(\S+)/.exec(await play('cat .env'))?.[1];
    expect(placeholder).toMatch(/^ghp_[A-Za-z0-9]{36}$/);
    expect(placeholder).not.toBe(GITHUB_KEY);
    expect(await play(`doorward run -- ${SAY_HELLO}`)).toContain('"id":"gpt-5"');
    expect(await play('doorward run -- printenv OPENAI_API_KEY')).toMatch(/^sk-proj-[\w-]+$/m);
    const refused = await play(`doorward run -- ${DELETE}`);
    expect(refused).toMatch(/does not cover this call/);
    const calls = await play('doorward log');
    expect(calls).toMatch(/DELETE .*deny/);
    expect(await play('doorward revoke')).toMatch(/worthless/);
    expect(await play(ASK_GITHUB)).toMatch(/unauthenticated|Bad credentials|not a token/i);
    for (const { shown } of steps.slice(4)) {
      expect(shown.join('\n')).not.toContain(OPENAI_KEY);
      expect(shown.join('\n')).not.toContain(GITHUB_KEY);
    }
  }, 240_000);

  test('are what the README shows', () => {
    const recorded = steps.map((step, at) => (at === 2 ? { ...step, shown: step.shown.map(masked) } : step));
    const svg = toSvg('Ten minutes with Doorward', recorded, COLUMNS);
    if (process.env['DOORWARD_WRITE_DOCS'] === '1') writeFileSync(PICTURE, svg);
    const shown = existsSync(PICTURE) ? readFileSync(PICTURE, 'utf8') : '';
    expect(alike(linesOfSvg(shown))).toEqual(alike(linesOfSvg(svg)));
    expect(shown).not.toContain(GITHUB_KEY);
  });
});

/** The key in the file that is taken in, which a picture need not show. */
function masked(line: string): string {
  return line.replace(GITHUB_KEY, `${GITHUB_KEY.slice(0, 8)}…`);
}

/** What they say, wherever lines are broken, without what differs each time: ids, moments, durations, chance. */
function alike(lines: readonly string[]): string {
  return lines
    .join('')
    .replaceAll(/\b(req|run|evt)_[0-9a-z]{26}/g, '$1_…')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d[:-]\d\d[:-]\d\d(?:-\d{3}Z-[0-9a-f]{6})?/g, 'WHEN')
    .replaceAll(/(sk-proj-|ghp_)[\w-]{20,}/g, '$1…')
    .replaceAll('The server is starting; waiting for it.', '') // where the machine was slower
    .replaceAll(/ *[\d.]+ ms/g, ' MS')
    .replaceAll(/\[1\] \d+/g, '[1]');
}
