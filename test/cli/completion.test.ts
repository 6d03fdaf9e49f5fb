// Completion: the candidates for many places of a command line, in silence when nobody answers, and in real shells.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCandidates } from '../../src/cli/completion/candidates.ts';
import { COMMANDS } from '../../src/cli/registry.ts';
import type { AgentRecord } from '../../src/operations/contracts/agents.ts';
import type { SecretRecord } from '../../src/operations/contracts/secrets.ts';
import { compiledLauncher } from '../support/compiled.ts';
import { HAS_PSEUDO_TERMINAL } from './needs.ts';
import { start } from './process.ts';
import { onPty } from './pseudo-terminal.ts';
import { cli, createStandIn, type StandIn } from './stand-in.ts';
import { CREATED_AT as createdAt, serviceRecord } from './stand-in-records.ts';

const suffix = '01jd8m4q6ve3rr1vh5x2ykt9c7';
const list = (...items: readonly object[]) => ({ body: { items, nextCursor: null } });
const agent = (name: string): AgentRecord => {
  return { id: `agt_${suffix}`, name, state: 'active', services: [], generation: 1, revision: 1, createdAt };
};
const secret = (name: string): SecretRecord => {
  const fields = {
    credentialKind: 'static',
    currentVersion: 1,
    services: [],
    isDecoy: false,
    revision: 1,
    createdAt,
  };
  return { id: `sec_${suffix}`, name, ...fields };
};
let standIn: StandIn;

beforeAll(async () => {
  standIn = await createStandIn({
    'GET /v1/agents': () => list(agent('default'), agent('worker')),
    'GET /v1/services': () => list(serviceRecord('acme'), serviceRecord('openai')),
    'GET /v1/secrets': () => list(secret('acme-key')),
  });
});
afterAll(async () => standIn.close());

/** A shell waits for two seconds, and a busy machine may take longer. */
const patient = '--candidates=60000';

const ask = async (...words: readonly string[]) => standIn.cli(['completion', patient, '--', ...words]);
const candidates = async (...words: readonly string[]) => {
  const { code, stdout, stderr } = await ask(...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.replaceAll(/\t.*$/gm, '').split('\n').slice(0, -1);
};

describe('candidates', () => {
  test('begin with the commands, the short ones first', async () => {
    expect(await candidates('')).toEqual(COMMANDS.map(({ name }) => name));
    expect(await candidates('--json', 'sec')).toEqual(['secret']);
    expect(await candidates('--url', 'http://x', 're')).toEqual(['revoke', 'restore']);
  });

  test.each([
    [
      ['grant', ''],
      ['add', 'list', 'set', 'freeze', 'unfreeze', 'tighten', 'show', 'remove'],
    ],
    [
      ['grant', 'add', ''],
      ['default', 'worker'],
    ],
    [['grant', 'add', 'w'], ['worker']],
    [
      ['grant', 'add', 'worker', ''],
      ['acme', 'openai'],
    ],
    [['grant', 'add', 'worker', 'acme', '--allow', 'GET /x', '--al'], ['--allow']],
    [
      ['agent', 'freeze', ''],
      ['default', 'worker'],
    ],
    [['agent', 'rm', 'd'], ['default']],
    [['agent', 'add', ''], []],
    [
      ['audit', 'list', '--kind', 'rotation.p'],
      ['rotation.probe', 'rotation.probed', 'rotation.promote'],
    ],
    [
      ['revoke', ''],
      ['default', 'worker'],
    ],
    [
      ['env', 'default', '--format', ''],
      ['shell', 'json', 'dotenv'],
    ],
    [['env', '--format', '=', 'j'], ['json']],
    [['env', '--service', 'o'], ['openai']],
    [
      ['run', ''],
      ['default', 'worker'],
    ],
    [['run', '--', 'wor'], []],
    [['call', 'a'], ['acme']],
    [
      ['call', 'acme', 'GET', '/', '--agent', ''],
      ['default', 'worker'],
    ],
    [
      ['service', 'show', ''],
      ['acme', 'openai'],
    ],
    [
      ['add', 'anthropi'],
      ['anthropic', 'anthropic-admin'],
    ],
    [['completion', ''], []],
    [['nonsense', ''], []],
    [['secret', 'rotate', 'acme-key', '--from-file', ''], []],
  ])('behind %j are %j', async (words, expected) => {
    expect(await candidates(...words)).toEqual(expected);
  });

  test('are plain words only, and flags that are no secret of ours', async () => {
    const odd = { load: async () => Promise.reject(new Error('not named')), summary: 'odd' };
    const names = ['fine', 'two words', '$(reboot)', '`reboot`', 'a;b', '*', 'tab\there'];
    const found = await findCandidates(
      [''],
      names.map((name) => ({ ...odd, name })),
      async () => [],
    );
    expect(found.map(({ value }) => value)).toEqual(['fine']);
    expect(await candidates('add', 'openai', '--')).not.toContain('--value');
  });

  test('are few and silent where no server answers, and nobody is asked', async () => {
    const environment = { DOORWARD_DATA_DIR: join(tmpdir(), 'no-such-doorward') };
    const gone = await cli(['completion', patient, '--', 'revoke', ''], { environment });
    expect(gone).toEqual({ code: 0, stdout: '', stderr: '' });
    const verbs = await cli(['completion', patient, '--', 'audit', ''], { environment });
    expect(verbs.stdout).toMatch(/^list\t/);
  });
});

describe('the script', () => {
  test('wants a shell it knows', async () => {
    for (const words of [[], ['tcsh'], ['bash', 'zsh']]) {
      expect(await cli(['completion', ...words])).toMatchObject({ code: 2, stdout: '' });
    }
  });

  test.each(['bash', 'zsh', 'fish'])('for %s says how it is installed', async (shell) => {
    expect((await cli(['completion', shell])).stdout).toMatch(new RegExp(`doorward completion ${shell}`));
  });
});

/** As a shell without settings shows it. */
const prompt = (ofUser: string) => (process.getuid?.() === 0 ? '# ' : `${ofUser} `);

function has(shell: string): boolean {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    console.log(`Completion is not tried in ${shell}: it is not installed here.`);
    return false;
  }
}

describe('in a shell', () => {
  let launcher: string;
  let home: string;

  beforeAll(() => {
    launcher = compiledLauncher();
    home = mkdtempSync(join(tmpdir(), 'doorward-home-'));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  const environment = () => ({
    DOORWARD_DATA_DIR: standIn.dataDirectory,
    HOME: home,
    TERM: 'xterm',
    ZDOTDIR: home,
  });

  test('bash completes commands, live names and choices', async () => {
    const script = `
      source <("$0" completion bash)
      once() { COMP_WORDS=(doorward "$@"); COMP_CWORD=$#; _doorward; }
      try() { for key in 1 2 3 4 5; do once "$@"; [ \${#COMPREPLY[@]} -gt 0 ] && break; done; echo "\${COMPREPLY[@]}"; }
      try gr; try grant add ""; try grant add default o; try env --format = d; once revoke nobody; echo "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await start('bash', ['-c', script, launcher], { environment: environment() });
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual(['grant', 'default worker', 'openai', 'dotenv', '', '']);
  });

  test.runIf(HAS_PSEUDO_TERMINAL)('bash completes while a person types', async () => {
    const shown = await onPty(
      ['bash', '--norc', '-i'],
      [
        [prompt('$'), `source <(${launcher} completion bash) && echo rea''dy\r`],
        ['ready', 'doorward revoke wo\t'],
        ['revoke worker', '\u0015exit\r', '\t'],
      ],
      { environment: environment() },
    );
    expect(shown.output).toContain('doorward revoke worker');
  });

  const inZsh = async () => {
    const shown = await onPty(
      ['zsh', '-f', '-i'],
      [
        [
          prompt('%'),
          `autoload -U compinit && compinit -u && source <(${launcher} completion zsh) && echo rea''dy\r`,
        ],
        ['ready', 'doorward revoke wo\t'],
        ['revoke worker', '\u0015exit\r', '\t'],
      ],
      { environment: environment() },
    );
    expect(shown.output).toContain('doorward revoke worker');
  };
  if (has('zsh') && HAS_PSEUDO_TERMINAL) test('zsh completes while a person types', inZsh);

  const inFish = async () => {
    const script = `${launcher} completion fish | source
      for line in 'doorward gr' 'doorward grant add ' 'doorward env --format d'
        for key in 1 2 3 4 5
          set found (complete -C $line); test -n "$found"; and break
        end
        printf '%s\\n' $found; echo ==
      end`;
    const { stdout } = await start('fish', ['-c', script], { environment: environment() });
    expect(stdout.replaceAll(/\t.*$/gm, '').trim().split('\n')).toEqual([
      'grant',
      '==',
      'default',
      'worker',
      '==',
      'dotenv',
      '==',
    ]);
  };
  if (has('fish')) test('fish completes commands, live names and choices', inFish);

  test('a server that hangs keeps nobody waiting', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'doorward-hangs-'));
    const hanging = createServer(() => undefined);
    await new Promise<void>((resolve) => hanging.listen(join(directory, 'admin.sock'), resolve));
    const words = ['completion', '--candidates', '--', 'revoke', ''];
    writeFileSync(join(directory, 'owner.credential'), 'dw_owner_x', { mode: 0o600 });
    const ended = await start(launcher, words, { environment: { DOORWARD_DATA_DIR: directory } });
    expect(ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    hanging.close();
    rmSync(directory, { recursive: true });
  });
});
