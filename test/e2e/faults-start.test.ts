// What keeps a server from starting, and what must not: each fault is one message that says what to do next, and what was
// stored before is there once it is mended. More of them are in start.test.ts.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SHORT_LIVED } from '../cli/process.ts';
import { createInstallation, eventually, type Installation } from './server.ts';

let installation: Installation;
beforeAll(async () => {
  installation = await createInstallation();
});
afterAll(() => installation.remove());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function expectRefusal(ended: Ended, message: RegExp): void {
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).toMatch(/^doorward: [^\n]+\n$/);
  expect(ended.stderr).not.toContain('hunter2');
  expect(ended.stdout).toBe('');
  expect(ended.code).toBe(1);
}

const int16 = (...values: readonly number[]) =>
  Buffer.concat(values.map((value) => Buffer.from([(value >> 8) & 255, value & 255])));
const int32 = (value: number) => int16(value >> 16, value);
const text = (value: string) => Buffer.from(`${value}\0`);

/** One message of Postgres's protocol. */
function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** What the columns of a row are, and the row. */
function rowOf(cells: Readonly<Record<string, string>>) {
  const values = Object.entries(cells);
  const column = ([name]: [string, string]) =>
    Buffer.concat([text(name), int16(0, 0, 0, 0, 25, -1, -1, -1, 0)]);
  const cell = ([, value]: [string, string]) => Buffer.concat([int32(value.length), Buffer.from(value)]);
  return {
    columns: message('T', int16(values.length), ...values.map(column)),
    row: message('D', int16(values.length), ...values.map(cell)),
  };
}

const ready = message('Z', Buffer.from('I'));
const done = message('C', text('SELECT 1'));

/** As much of a server as it takes to be asked for its version, and to say 14. */
function answerAsFourteen(socket: Socket): void {
  let isGreeted = false;
  socket.on('data', (bytes) => {
    if (!isGreeted) {
      isGreeted = true;
      socket.write(
        Buffer.concat([
          message('R', int32(0)),
          message('S', text('default_transaction_read_only'), text('off')),
          message('S', text('in_hot_standby'), text('off')),
          ready,
        ]),
      );
    } else if (bytes.includes('current_setting')) {
      const { columns, row } = rowOf({ version: '14.11', number: '140011' });
      socket.write(
        Buffer.concat([message('1'), message('t', int16(0)), columns, message('2'), row, done, ready]),
      );
    }
  });
}

describe('a start is refused with one message when at the address of the database', () => {
  let other: NetServer | undefined;
  afterEach(() => other?.close());

  test.each([
    [
      'is a Postgres that is too old',
      answerAsFourteen,
      /Postgres 15 or newer is needed; the server at .* is 14\.11/,
    ],
    ['is a proxy whose server is away', (socket: Socket) => socket.end(), /closed before it answered/],
    [
      'is a web server',
      (socket: Socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /check that Postgres is what listens there/,
    ],
    [
      'is a server without TLS',
      (socket: Socket) => socket.once('data', () => socket.end('N')),
      /TLS/,
      '?sslmode=require',
    ],
  ])('%s', async (_, answer, expected, query = '') => {
    other = createServer((socket) => {
      socket.on('error', () => undefined);
      answer(socket);
    });
    await new Promise<void>((resolve) => other?.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const ended = await installation.serveInVain({
      DOORWARD_DATA_DIR: join(installation.root, 'no-database'),
      DATABASE_URL: `postgres://doorward:hunter2@127.0.0.1:${port}/doorward${query}`,
    });
    expectRefusal(ended, expected);
  });
});

describe('a file that was damaged is named, and right again once it is put back', () => {
  let dataDirectory: string;
  beforeAll(async () => {
    const server = await installation.serve();
    ({ dataDirectory } = server);
    await server.admin('POST', '/v1/secrets', { name: 'kept', value: 'sk-kept-value-0123456789' });
    await server.stop();
  });

  test.each([
    ['root.key', randomBytes(7), /root key file .*root\.key/],
    ['root.key', Buffer.alloc(0), /root key file .*root\.key/],
    ['audit-heads.json', Buffer.from('{"v":1,"chai'), /audit-heads\.json is not this installation's own/],
    ['db/PG_VERSION', undefined, /embedded database in .* can not be opened.*restore a backup/],
    ['db/global/pg_control', randomBytes(8192), /embedded database in .* can not be opened/],
  ])('%s', async (name, damage, expected) => {
    const path = join(dataDirectory, name);
    const right = readFileSync(path);
    if (damage === undefined) rmSync(path);
    else writeFileSync(path, damage);
    expectRefusal(await installation.serveInVain({ DOORWARD_DATA_DIR: dataDirectory }), expected);
    writeFileSync(path, right);
  });

  test('and after all of that everything is there', async () => {
    const server = await installation.serve({ dataDirectory });
    expect(await server.admin('GET', '/v1/secrets/kept')).toMatchObject({ status: 200 });
    expect((await server.admin('POST', '/v1/audit/verify')).body).toMatchObject({ ok: true, problems: [] });
    await server.stop();
  });
});

test('a first start that is interrupted leaves nothing that keeps the next one from starting', async () => {
  /** Where a start was interrupted; undefined where it was over before it could be. */
  const interrupted = async (name: string) => {
    const dataDirectory = join(installation.root, name);
    const child = spawn(process.execPath, [...SHORT_LIVED, installation.launcher, 'serve'], {
      env: { PATH: process.env['PATH'], DOORWARD_DATA_DIR: dataDirectory, DOORWARD_LISTEN: '127.0.0.1:0' },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
    const isThere = (file: string) => existsSync(join(dataDirectory, file)) || undefined;
    await eventually(60_000, async () => isThere('db.unfinished') ?? isThere('audit-heads.json'));
    child.kill('SIGTERM');
    return (await ended) === 'SIGTERM' && isThere('db.unfinished') ? dataDirectory : undefined;
  };
  let tried = 0;
  const dataDirectory = await eventually(120_000, () => interrupted(`interrupted-${(tried += 1)}`));
  await (await installation.serve({ dataDirectory })).stop();
}, 240_000);

describe.runIf(existsSync('/dev/full'))('a server whose output can not be written', () => {
  test.each(['stdout', 'stderr'] as const)('serves all the same, and ends well (%s)', async (name) => {
    const dataDirectory = await installation.emptyDirectory();
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [...SHORT_LIVED, installation.launcher, 'serve'], {
      env: {
        PATH: process.env['PATH'],
        DOORWARD_DATA_DIR: dataDirectory,
        DOORWARD_LISTEN: '127.0.0.1:0',
        DOORWARD_UNKNOWN: 'a line in the log',
      },
      stdio: ['ignore', name === 'stdout' ? full : 'ignore', name === 'stderr' ? full : 'ignore'],
    });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
    const listed = await eventually(60_000, async () => {
      const answer = await installation.doorward(['secret', 'list', '--json'], {
        environment: { DOORWARD_DATA_DIR: dataDirectory },
      });
      return answer.code === 0 ? answer.stdout : undefined;
    });
    expect(JSON.parse(listed)).toMatchObject({ items: [] });
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
