// The whole story by command line: real processes, a real server, a real upstream.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_PSEUDO_TERMINAL, HAS_SANDBOX } from './needs.ts';
import type { Exited } from './process.ts';
import { onPty } from './pseudo-terminal.ts';
import { createCliWorld, stop } from './world.ts';
import type { CliWorld } from './world.ts';

const KEY = 'sk-upstream-0f9d2c5b7a13e846';

let world: CliWorld;
let agentKeyFile: string;
const doorward: CliWorld['doorward'] = async (argv, options) => world.doorward(argv, options);

beforeAll(async () => {
  world = await createCliWorld();
  await succeed(['secret', 'add', 'acme'], KEY);
  await succeed([
    'service',
    'add',
    'acme',
    '--base-url',
    world.upstreamUrl,
    '--auth',
    'header:X-Acme-Key',
    '--secret',
    'acme',
    '--key-env',
    'ACME_KEY',
    '--base-url-env',
    'ACME_URL=/v1',
  ]);
  agentKeyFile = join(world.root, 'worker.key');
  writeFileSync(agentKeyFile, (await succeed(['agent', 'add', 'worker'])).stdout, { mode: 0o600 });
  await succeed([
    'grant',
    'add',
    'worker',
    'acme',
    '--allow',
    'GET /v1/**',
    '--allow',
    'GET /fail',
    '--allow',
    'GET /teapot',
  ]);
});
afterAll(async () => world?.close());

async function succeed(argv: readonly string[], input = ''): Promise<Exited> {
  const ended = await doorward(argv, { input });
  if (ended.code !== 0) throw new Error(`doorward ${argv.join(' ')}: ${ended.stderr}`);
  return ended;
}

describe('administration', () => {
  test('what was made is listed, for scripts and as JSON, without the value', async () => {
    const { stdout } = await succeed(['secret', 'list']);
    expect(stdout).toMatch(/^acme\t[^\t]+\t1\tacme\t\d{4}-[^\t]+Z\tsec_\w+\n$/);
    const json = await succeed(['service', 'list', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      items: [{ name: 'acme', auth: { kind: 'header', name: 'x-acme-key' }, baseUrlSuffix: '/v1' }],
      nextCursor: null,
    });
    for (const argv of [
      ['secret', 'show', 'acme', '--json'],
      ['audit', 'list'],
      ['audit', 'list', '--json'],
      ['log'],
    ]) {
      expect((await succeed(argv)).stdout).not.toContain(KEY);
    }
  });

  test('status tells what is exposed', async () => {
    expect((await succeed(['status'])).stdout).toMatch(/^exposure\t.*owner\.credential/m);
  });

  test('a grant without --allow says that everything is granted', async () => {
    await succeed(['agent', 'add', 'broad']);
    const { stdout, stderr } = await succeed(['grant', 'add', 'broad', 'acme', '--expires', '8h']);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Agent broad may now call every method and path of acme until /);
    await succeed(['grant', 'rm', 'broad', 'acme']);
    await succeed(['agent', 'rm', 'broad', '--yes']);
    expect(await doorward(['agent', 'show', 'broad'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^doorward: Not found/),
    });
  });

  test.runIf(HAS_PSEUDO_TERMINAL)(
    'a value typed at the prompt is shown nowhere and stands in no arguments',
    async () => {
      const typed = 'sk-typed-by-hand-51b7c8';
      const command = [world.launcher, 'secret', 'add', 'typed'];
      const lines: string[] = [];
      // Once more where it came and went unseen, as on a machine that stood still meanwhile.
      while (!lines.some((line) => line.includes('secret add typed'))) {
        const shown = onPty(command, [['Value of typed', `${typed}\r`]], { environment: world.environment });
        let isOver = false;
        void shown.finally(() => {
          isOver = true;
        });
        await expect.poll(() => (lines.push(...commandLines()), isOver), { timeout: 55_000 }).toBe(true);
        const { output, code } = await shown;
        expect(code).toBe(0);
        expect(output).toMatch(/Secret typed is stored as sec_/);
        expect(output).toMatch(/next: doorward service add typed/);
        expect(output).not.toContain(typed);
        await succeed(['secret', 'destroy', 'typed', '--confirm', 'typed']);
      }
      // The script that types is the one process whose arguments hold it.
      expect(lines.filter((line) => line.includes(typed) && !line.includes('pseudo-terminal.py'))).toEqual(
        [],
      );
    },
  );

  test.runIf(HAS_PSEUDO_TERMINAL)(
    'on a terminal destroying wants the name typed, and Ctrl-C changes nothing',
    async () => {
      await succeed(['secret', 'add', 'old'], 'value-of-old');
      const command = [world.launcher, 'secret', 'destroy', 'old'];
      const options = { environment: world.environment };
      expect((await onPty(command, [['Type old', '\u0003']], options)).code).toBe(130);
      expect((await onPty(command, [['Type old', 'odl\r']], options)).code).toBe(1);
      expect(await onPty(command, [['Type old', 'old\r']], options)).toMatchObject({
        code: 0,
        output: expect.stringMatching(/Secret old is destroyed/),
      });
    },
  );
});

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

const inRun = async (script: string, options: readonly string[] = []) =>
  doorward(['run', 'worker', ...options, '--', 'sh', '-c', script]);

/** What an unmodified client would do with its two variables. */
const CLIENT = `node -e "require('http').get(process.env.ACME_URL + '/things', { headers: { 'x-acme-key': process.env.ACME_KEY } }, (a) => { console.log(a.statusCode); a.pipe(process.stdout) })"`;

describe('doorward run', () => {
  test('gives the child a placeholder that works while it lives, and keeps its exit code', async () => {
    const before = world.arrived.length;
    const { code, stdout, stderr } = await inRun(`echo "$ACME_KEY"; ${CLIENT}; exit 42`);
    expect(code).toBe(42);
    const [placeholder = '', status] = stdout.split('\n');
    expect(status).toBe('200');
    expect(stdout).toContain('{"method":"GET","url":"/v1/things"}');
    expect(world.arrived[before]?.['x-acme-key']).toBe(KEY);
    expect(stdout + stderr).not.toContain(KEY);
    expect(stderr).toMatch(/^run run_\w+: 1 call, 0 refused, 0 failed$/m);
    const { url } = JSON.parse((await succeed(['status', '--json'])).stdout) as { url: string };
    const dead = await doorward(['call', 'acme', 'GET', '/v1/things'], {
      environment: { DOORWARD_URL: url, DOORWARD_TOKEN: placeholder },
    });
    expect(dead.code).toBe(4);
  });

  test('counts what was refused, and replaces a key that stood in the environment', async () => {
    const { stderr } = await doorward(
      ['run', 'worker', '--', 'sh', '-c', '"$0" call acme POST /v1/x -d 1; echo $?', world.launcher],
      {
        environment: { ACME_KEY: 'sk-left-behind' },
      },
    );
    expect(stderr).toMatch(/^ACME_KEY was set; the command gets the placeholder instead\.$/m);
    expect(stderr).toMatch(/: 1 call, 1 refused, 0 failed$|: 0 calls, 1 refused, 0 failed$/m);
  });

  test('ends as its child does when told to end, and then the run is over', async () => {
    const script = 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done';
    const { code, stderr } = await doorward(['run', 'worker', '--', 'sh', '-c', script], {
      signalWhenReady: 'SIGTERM',
    });
    expect(code).toBe(9);
    expect(stderr).toMatch(/^run run_\w+: 0 calls/m);
    const { counts } = JSON.parse((await succeed(['status', '--json'])).stdout) as {
      counts: { runs: number };
    };
    expect(counts.runs).toBe(0);
  });

  test('refuses what can not be started', async () => {
    expect(await doorward(['run', 'worker', '--', 'no-such-command'])).toMatchObject({ code: 127 });
    expect(await doorward(['run', 'nobody', '--', 'true'])).toMatchObject({ code: 1 });
    const hidden = await doorward(['run', 'worker', '--', 'true'], { workingDirectory: world.dataDirectory });
    expect(hidden).toMatchObject({ code: 2, stderr: expect.stringMatching(/hidden from the command/) });
  });

  test('without a sandbox it says what the child can read, or refuses', async () => {
    const off = await inRun('cat "$HOME/data/root.key" > /dev/null && echo read', ['--sandbox', 'off']);
    expect(off).toMatchObject({ code: 0, stdout: 'read\n' });
    expect(off.stderr).toMatch(/^Nothing is hidden from the command: .* It can read what you can: .*\/data/m);
    const onlyNode = join(world.root, 'only-node');
    mkdirSync(onlyNode);
    symlinkSync(process.execPath, join(onlyNode, 'node'));
    const environment = { PATH: onlyNode };
    const required = await doorward(['run', 'worker', '--sandbox', 'require', '--', 'node', '-v'], {
      environment,
    });
    expect(required).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/bwrap\) is not installed/),
    });
  });

  test.runIf(HAS_SANDBOX)("nothing of ours is within the child's reach (A61)", async () => {
    const data = world.dataDirectory;
    const attacks = {
      rootKey: `cat ${data}/root.key`,
      ownerCredential: `cat ${data}/owner.credential`,
      list: `ls -A ${data} | grep .`,
      socket: `node -e "require('net').connect('${data}/admin.sock').on('connect', () => process.exit(0)).on('error', () => process.exit(1))"`,
      environment: `cat /proc/[0-9]*/environ | grep -q value-in-the-servers-environment`,
      memory: `head -c 1 /proc/${String(world.server.pid)}/mem`,
      signal: `kill -0 ${String(world.server.pid)}`,
      administer: `${world.launcher} --data-dir ${data} grant add worker acme`,
      administerByUrl: `${world.launcher} grant add worker acme`,
      tokenAsOwner: `${world.launcher} token owner --key-file ${data}/owner.credential`,
      umount: `umount ${data}; cat ${data}/root.key`,
      variables: 'env | grep -E "DATA_DIR|PASSPHRASE|DATABASE_URL|OWNER"',
    };
    const script = Object.entries(attacks)
      .map(([name, attack]) => `if (${attack}) >/dev/null 2>&1 </dev/null; then echo ${name}; fi`)
      .join('\n');
    const outside = await doorward(['run', 'worker', '--sandbox', 'off', '--', 'sh', '-c', script]);
    expect(outside.stdout.split('\n')).toEqual(
      expect.arrayContaining(['rootKey', 'ownerCredential', 'list', 'socket', 'environment', 'signal']),
    );
    const inside = await inRun(script);
    expect(inside).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('doorward call', () => {
  const call = async (...argv: string[]) => doorward(['call', 'acme', ...argv]);

  test.each([
    [['GET', '/v1/things', '--agent', 'worker'], 0],
    [['get', '/v1/things', '--agent', 'worker', '-i'], 0],
    [['GET', '/fail', '--agent', 'worker'], 7],
    [['GET', '/teapot', '--agent', 'worker'], 1],
    [['POST', '/v1/things', '--agent', 'worker', '--data', '{}'], 5],
    [['GET', '/v1/things'], 4],
    [['GET', '/v1/with space', '--agent', 'worker'], 2],
    [['GET', '/v1/../fail', '--agent', 'worker'], 2],
  ])('%j ends with %i', async (argv, expected) => {
    expect((await call(...argv)).code).toBe(expected);
  });

  test('prints the answer on stdout byte for byte, and the head on request', async () => {
    const plain = await call('GET', '/v1/things?x=1', '--agent', 'worker');
    expect(plain.stdout).toBe('{"method":"GET","url":"/v1/things?x=1"}');
    const withHead = await call('GET', '/v1/things', '--agent', 'worker', '-i');
    expect(withHead.stdout).toMatch(/^HTTP\/1\.1 200 OK\n(.+\n)*doorward-source: upstream\n(.+\n)*\n\{/);
  });

  test('an agent calls with its own key, needing nothing of the owner', async () => {
    const url = (JSON.parse((await succeed(['status', '--json'])).stdout) as { url: string }).url;
    const environment = { DOORWARD_DATA_DIR: join(world.root, 'elsewhere') };
    const ended = await doorward(
      ['call', 'acme', 'GET', '/v1/things', '--agent', 'worker', '--key-file', agentKeyFile, '--url', url],
      { environment },
    );
    expect(ended).toMatchObject({ code: 0, stdout: '{"method":"GET","url":"/v1/things"}' });
    const bySocket = await call('GET', '/v1/things', '--agent', 'worker', '--key-file', agentKeyFile);
    expect(bySocket.code).toBe(0);
    const token = await doorward(['token', 'worker', '--key-file', agentKeyFile, '--url', url], {
      environment,
    });
    expect(token.stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(
      await doorward(['token', 'worker', '--url', url], { environment, input: 'dw_agent_wrong' }),
    ).toMatchObject({ code: 4 });
  });
});

describe('what happened', () => {
  test('log -f shows a call as it is made, in one line', async () => {
    const following = spawn(world.launcher, ['log', '-f', '-n', '1'], {
      env: { ...process.env, ...world.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let shown = '';
    following.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    await expect.poll(() => shown, { timeout: 30_000 }).toMatch(/\n$/);
    await succeed(['call', 'acme', 'GET', '/v1/followed', '--agent', 'worker']);
    await doorward(['call', 'acme', 'DELETE', '/v1/followed', '--agent', 'worker']);
    await expect.poll(() => shown, { timeout: 30_000 }).toMatch(/DELETE.*\n/);
    await stop(following);
    const lines = shown.split('\n').filter((line) => line.includes('/v1/followed'));
    expect(lines).toEqual([
      expect.stringMatching(/^\S+Z\tworker\tacme\tGET\t\/v1\/followed\tallow\t200\t\d+$/),
      expect.stringMatching(/^\S+Z\tworker\tacme\tDELETE\t\/v1\/followed\tdeny\tnot-allowed\t-$/),
    ]);
  });

  test('the log verifies', async () => {
    const { code, stdout } = await doorward(['audit', 'verify']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^problems\t0$/m);
    const list = await succeed(['audit', 'list', '--since', '1h', '--kind', 'secret,agent.create', '--json']);
    const { items } = JSON.parse(list.stdout) as { items: { kind: string }[] };
    expect(items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['secret.create', 'agent.create']));
    expect(items.every(({ kind }) => /^(secret\.|agent\.create)/.test(kind))).toBe(true);
  });

  test('a frozen agent is refused with code 5 until it is unfrozen', async () => {
    await succeed(['agent', 'freeze', 'worker']);
    expect(await doorward(['call', 'acme', 'GET', '/v1/x', '--agent', 'worker'])).toMatchObject({ code: 5 });
    await succeed(['agent', 'unfreeze', 'worker']);
    expect(await doorward(['call', 'acme', 'GET', '/v1/x', '--agent', 'worker'])).toMatchObject({ code: 0 });
  });

  test('once the server is stopped, one sentence says so', async () => {
    await stop(world.server);
    expect(await doorward(['status'])).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: expect.stringMatching(
        /^doorward: No Doorward server answers at .*admin\.sock\. Start one with: doorward serve/,
      ),
    });
  });
});
