// How Doorward starts: what it makes, what it says, and what keeps it from starting.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server as NetServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_SANDBOX } from '../cli/needs.ts';
import {
  complaintsIn,
  createInstallation,
  eventually,
  type Installation,
  type Server,
  startAlone,
} from './server.ts';

let installation: Installation;
beforeAll(async () => {
  installation = await createInstallation();
});
afterAll(() => installation.remove());

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** What every refusal looks like to a person: one line that begins so, and no stack. */
function expectRefusal(
  ended: { code: number | null; stdout: string; stderr: string },
  message: RegExp,
): void {
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).toMatch(/^doorward: [^\n]+\n$/);
  expect(ended.stdout).toBe('');
  expect(ended.code).toBe(1);
}

describe('the first start', () => {
  let server: Server;
  let home: string;
  let dataDirectory: string;
  beforeAll(async () => {
    home = join(installation.root, 'first');
    dataDirectory = join(home, 'share/doorward');
    mkdirSync(home);
    server = await installation.serve({
      environment: { HOME: home, XDG_DATA_HOME: join(home, 'share'), DOORWARD_DATA_DIR: undefined },
    });
  });
  afterAll(() => server.stop());

  test('makes what is missing in the XDG place, for its owner alone', () => {
    expect(modeOf(dataDirectory)).toBe('700');
    expect(modeOf(join(dataDirectory, 'root.key'))).toBe('600');
    expect(statSync(join(dataDirectory, 'root.key')).size).toBe(32);
    expect(modeOf(join(dataDirectory, 'owner.credential'))).toBe('600');
    expect(readFileSync(join(dataDirectory, 'owner.credential'), 'utf8')).toMatch(/^dw_owner_\w+\n$/);
    expect(modeOf(join(dataDirectory, 'admin.sock'))).toBe('600');
    expect(modeOf(join(dataDirectory, 'audit-heads.json'))).toBe('600');
  });

  test('prints its address, and three commands that work as they stand', async () => {
    expect(complaintsIn(server.output.stderr)).toEqual([]);
    const [first, ...lines] = server.output.stdout.trimEnd().split('\n');
    expect(first).toBe(`Doorward listens on ${server.url}`);
    const commands = lines.filter((line) => line.startsWith('  '));
    expect(commands.filter((line) => !line.startsWith('  export '))).toHaveLength(3);
    // But that nobody's vendor is called, that the log ends, and that the agent is one that shows what it was given.
    writeFileSync(join(home, 'claude'), '#!/bin/sh\nenv | grep OPENAI\n', { mode: 0o755 });
    const script = commands.map((line) =>
      line.replace('add openai', '$& --no-test').replace('log -f', 'log'),
    );
    const ended = spawnSync('sh', ['-e', '-c', `${script.join('\n')}\n`], {
      input: 'sk-from-standard-input-0123456789',
      env: {
        PATH: `${home}:${process.env['PATH'] ?? ''}`,
        HOME: home,
        XDG_DATA_HOME: join(home, 'share'),
      },
      encoding: 'utf8',
      cwd: '/',
    });
    expect(ended.stderr).not.toMatch(/doorward:/);
    expect(ended.status).toBe(0);
    expect(ended.stdout).toContain(`OPENAI_BASE_URL=${server.url}/call/openai/v1\n`);
    expect(ended.stdout).toMatch(/^OPENAI_API_KEY=sk-proj-\S+$/m);
  });

  test('a second server on the same directory is refused, and the first goes on', async () => {
    const second = await installation.serveInVain({ DOORWARD_DATA_DIR: dataDirectory });
    expectRefusal(second, /Another Doorward server runs on the data directory .*DOORWARD_DATA_DIR/);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(existsSync(join(dataDirectory, 'admin.sock'))).toBe(true);
  });
});

test('a command that comes while the server starts waits for it', async () => {
  /** What a command says that is given as soon as there is a socket; it may still come when all is open. */
  const saidBeside = async () => {
    const dataDirectory = await installation.emptyDirectory();
    const starting = installation.serve({ dataDirectory });
    await eventually(60_000, async () => (existsSync(join(dataDirectory, 'admin.sock')) ? true : undefined));
    const ended = await installation.doorward(['secret', 'list', '--json'], {
      environment: { DOORWARD_DATA_DIR: dataDirectory },
    });
    expect(JSON.parse(ended.stdout)).toMatchObject({ items: [] });
    expect(ended.code).toBe(0);
    await (await starting).stop();
    return ended.stderr === '' ? undefined : ended.stderr;
  };
  expect(await eventually(120_000, saidBeside)).toBe('The server is starting; waiting for it.\n');
}, 240_000);

describe('a start is refused with one message', () => {
  test('when others can reach into the data directory, or it is a link', async () => {
    const open = join(installation.root, 'open');
    mkdirSync(open, { mode: 0o755 });
    expectRefusal(await installation.serveInVain({ DOORWARD_DATA_DIR: open }), /mode 0755\).*chmod 700/);
    expect(readdirSync(open)).toEqual([]);
    const link = join(installation.root, 'link');
    symlinkSync(await installation.emptyDirectory(), link);
    expectRefusal(await installation.serveInVain({ DOORWARD_DATA_DIR: link }), /symbolic link/);
  });

  test.each([
    ['root.key', 'mode', /root key file .*root\.key is refused: others may read it.*chmod 600/],
    ['owner.credential', 'link', /owner credential file .*is refused: .*symbolic link/],
  ])('when %s has the wrong %s', async (name, what, message) => {
    const dataDirectory = await installation.emptyDirectory();
    const path = join(dataDirectory, name);
    writeFileSync(what === 'link' ? `${path}.elsewhere` : path, randomBytes(32), { mode: 0o600 });
    if (what === 'link') symlinkSync(`${path}.elsewhere`, path);
    else chmodSync(path, 0o640);
    expectRefusal(await installation.serveInVain({ DOORWARD_DATA_DIR: dataDirectory }), message);
  });

  test('when the root key is another one or missing; the slot is named and nothing is made anew', async () => {
    const server = await installation.serve();
    const { dataDirectory } = server;
    await server.stop();
    const path = join(dataDirectory, 'root.key');
    const right = readFileSync(path);
    writeFileSync(path, randomBytes(32));
    expectRefusal(
      await installation.serveInVain({ DOORWARD_DATA_DIR: dataDirectory }),
      /opens none of this installation's slots: slt_\w+ \(file\)/,
    );
    const missing = join(dataDirectory, 'not-there.key');
    expectRefusal(
      await installation.serveInVain({ DOORWARD_DATA_DIR: dataDirectory, DOORWARD_ROOT_KEY_FILE: missing }),
      /not-there\.key is missing.*Restore the file/,
    );
    expect(existsSync(missing)).toBe(false);
    writeFileSync(path, right);
    await (await installation.serve({ dataDirectory })).stop();
  });

  describe('when its port', () => {
    let other: NetServer;
    beforeAll(async () => {
      other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => other.close());

    test('is taken', async () => {
      const { port } = other.address() as AddressInfo;
      const dataDirectory = join(installation.root, 'busy');
      expectRefusal(
        await installation.serveInVain({
          DOORWARD_DATA_DIR: dataDirectory,
          DOORWARD_LISTEN: `127.0.0.1:${port}`,
        }),
        /Can not listen on 127\.0\.0\.1:\d+: something else listens there already.*DOORWARD_LISTEN/,
      );
      expect(readdirSync(dataDirectory)).toEqual([]);
    });

    test('belongs to an address that is not here', async () => {
      expectRefusal(
        await installation.serveInVain({
          DOORWARD_DATA_DIR: join(installation.root, 'elsewhere'),
          DOORWARD_LISTEN: '192.0.2.1:7420',
        }),
        /Can not listen on 192\.0\.2\.1:7420: .*DOORWARD_LISTEN/,
      );
    });
  });

  test.each([
    ['a refused connection', 'postgres://doorward:hunter2-secret@127.0.0.1:9/db', /nothing listens there/],
    ['no such host', 'postgres://doorward:hunter2-secret@no-such-host.invalid/db', /host name/],
  ])('when the database can not be reached (%s), without its password', async (_, url, message) => {
    const dataDirectory = join(installation.root, 'unreachable');
    for (const level of ['info', 'debug']) {
      const ended = await installation.serveInVain({
        DOORWARD_DATA_DIR: dataDirectory,
        DATABASE_URL: url,
        DOORWARD_LOG_LEVEL: level,
      });
      expect(ended.stderr + ended.stdout).not.toContain('hunter2');
      expect(ended.stderr).toMatch(message);
      expect(ended.code).not.toBe(0);
      if (level === 'info') expect(ended.stderr).toMatch(/^doorward: [^\n]+\n$/);
    }
    expect(existsSync(join(dataDirectory, 'root.key'))).toBe(false);
  });

  test.each([
    ['DOORWARD_LISTEN', 'garbage', /DOORWARD_LISTEN is not valid: HOST:PORT/],
    [
      'DATABASE_URL',
      'mysql://doorward:hunter2@db/doorward',
      /^(?!.*hunter2).*DATABASE_URL is not valid: postgres:/,
    ],
  ])('when %s is %s', async (name, value, message) => {
    const dataDirectory = join(installation.root, 'unused');
    const ended = await installation.serveInVain({ DOORWARD_DATA_DIR: dataDirectory, [name]: value });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(/^doorward: [^\n]+\n$/);
    expect(ended.code).toBe(2);
    expect(existsSync(dataDirectory)).toBe(false);
  });

  test('when the data directory can not be made', async () => {
    const file = join(installation.root, 'a-file');
    writeFileSync(file, '');
    expectRefusal(
      await installation.serveInVain({ DOORWARD_DATA_DIR: join(file, 'data') }),
      /can not be created: a file stands in its place or above it/,
    );
  });
});

describe.runIf(HAS_SANDBOX)('on a disk', () => {
  const within = (mount: readonly string[], dataDirectory: string) =>
    startAlone('bwrap', ['--dev-bind', '/', '/', ...mount, dataDirectory, installation.launcher, 'serve'], {
      environment: {
        PATH: process.env['PATH'],
        DOORWARD_DATA_DIR: dataDirectory,
        DOORWARD_LISTEN: '127.0.0.1:0',
      },
    });

  test('that is read-only it is refused', async () => {
    const dataDirectory = await installation.emptyDirectory();
    const ended = await within(['--ro-bind', dataDirectory], dataDirectory);
    expectRefusal(ended, /server\.lock\S* can not be used: its file system is read-only/);
  });

  test('that is full it is refused', async () => {
    const dataDirectory = join(installation.root, 'full');
    mkdirSync(dataDirectory);
    const ended = await within(['--perms', '0700', '--size', '4000000', '--tmpfs'], dataDirectory);
    expectRefusal(ended, /can not be opened: check free space/);
  });
});

test('a variable that nothing reads is warned of; links of Kubernetes are not', async () => {
  const server = await installation.serve({
    environment: {
      DOORWARD_LISTEM: '127.0.0.1:1',
      DOORWARD_PORT: 'tcp://10.0.0.1:7420',
      DOORWARD_PORT_7420_TCP_ADDR: '10.0.0.1',
      DOORWARD_SERVICE_HOST: '10.0.0.1',
      DOORWARD_SERVICE_PORT: '7420',
    },
  });
  const warnings = complaintsIn(server.output.stderr).map(
    (line) => JSON.parse(line) as { name: string; msg: string },
  );
  expect(warnings.map(({ name }) => name)).toEqual(['DOORWARD_LISTEM']);
  expect(warnings[0]?.msg).toMatch(/is DOORWARD_LISTEN meant\?/);
  await server.stop();
});
