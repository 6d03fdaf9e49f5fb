// One server per data directory, and nobody else inside it.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminSocketPath } from '../../src/core/socket-path.ts';
import { claimDataDirectory } from '../../src/store/data-directory.ts';

let folder: string;
let path: string;
let socketPath: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dw-'));
  path = join(folder, 'data');
  socketPath = join(path, 'admin.sock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const claim = () => claimDataDirectory(path, { socketPath });

function listen(at: string): Promise<Server> {
  const server = createServer((socket) => socket.end());
  return new Promise((resolve) => server.listen(at, () => resolve(server)));
}
const close = (server: Server) => new Promise((resolve) => server.close(resolve));

/** A socket that its dead process left behind. */
async function leaveSocket(): Promise<void> {
  const program = `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await exitOf(spawn(process.execPath, ['-e', program]));
}
const exitOf = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

describe('claiming a data directory', () => {
  it('creates it for its owner alone', async () => {
    path = join(folder, 'some', 'where');
    socketPath = join(path, 'admin.sock');
    const claimed = await claim();
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'some')).mode & 0o777).toBe(0o700);
    await claimed.release();
    await claimed.release();
    expect(await readdir(path)).toEqual([]);
  });

  it.each([0o750, 0o705, 0o777])('refuses one that others can reach into (%o)', async (mode) => {
    await mkdir(path);
    await chmod(path, mode);
    await expect(claim()).rejects.toMatchObject({
      code: 'not-ready',
      detail: expect.stringContaining('chmod 700'),
    });
  });

  it('refuses a symbolic link and a file', async () => {
    await mkdir(join(folder, 'real'), { mode: 0o700 });
    await symlink(join(folder, 'real'), path);
    await expect(claim()).rejects.toMatchObject({ code: 'not-ready' });
    await rm(path);
    await writeFile(path, '');
    await expect(claim()).rejects.toMatchObject({ code: 'not-ready' });
  });

  it('refuses a directory of another user', async () => {
    const isRoot = process.getuid?.() === 0;
    const foreign = isRoot ? path : '/'; // an ordinary user can give nothing away, but root's is there
    if (isRoot) {
      await mkdir(path, { mode: 0o700 });
      await exitOf(spawn('chown', ['1', path]));
    }
    const detail = expect.stringContaining(`belongs to user ${isRoot ? 1 : 0}`);
    await expect(claimDataDirectory(foreign, { socketPath })).rejects.toMatchObject({ detail });
  });

  it('refuses a second server, before and after the first one listens', async () => {
    const first = await claim();
    await expect(claim()).rejects.toMatchObject({ code: 'in-use' });
    const server = await listen(socketPath);
    await expect(claim()).rejects.toMatchObject({ code: 'in-use' });
    await rm(join(path, 'server.lock'));
    await expect(claim()).rejects.toMatchObject({ code: 'in-use' });
    await close(server);
    await first.release();
    await (await claim()).release();
  });

  it('lets one of many through', async () => {
    const claims = await Promise.allSettled(Array.from({ length: 20 }, claim));
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(existsSync(join(path, 'server.lock'))).toBe(true);
    expect(await readdir(path)).toEqual(['server.lock']);
  });

  it('takes over from a killed server', async () => {
    await mkdir(path, { mode: 0o700 });
    await leaveSocket();
    const dead = spawn(process.execPath, ['-e', '']);
    await exitOf(dead);
    await writeFile(join(path, 'server.lock'), `${dead.pid} 1@boot x\n`);
    expect(existsSync(socketPath)).toBe(true);
    const claims = await Promise.allSettled(Array.from({ length: 20 }, claim));
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(existsSync(socketPath)).toBe(false);
    await close(await listen(socketPath));
  });

  it.runIf(existsSync('/proc/self/stat'))(
    'is not deceived by a later process with the same number',
    async () => {
      await mkdir(path, { mode: 0o700 });
      await writeFile(join(path, 'server.lock'), `${process.pid} 1@another-boot x\n`);
      await (await claim()).release();
    },
  );

  it('leaves a file in the place of its socket alone', async () => {
    await mkdir(path, { mode: 0o700 });
    await writeFile(socketPath, 'mine');
    await expect(claim()).rejects.toMatchObject({ code: 'not-ready' });
    expect(await readdir(path)).toEqual(['admin.sock']);
  });
});

describe('the place of the admin socket', () => {
  it('is the data directory', () => {
    expect(adminSocketPath('/data', '/run')).toBe('/data/admin.sock');
  });

  it('is a folder of its own among runtime files when that path is too long', async () => {
    const long = `/${'ü'.repeat(60)}`;
    const found = adminSocketPath(long, '/run/user/1');
    expect(found).toMatch(/^\/run\/user\/1\/doorward-[0-9a-f]{16}\/admin\.sock$/);
    expect(found).not.toBe(adminSocketPath(`${long}x`, '/run/user/1'));
    const tooLong = adminSocketPath(long, long);
    await expect(claimDataDirectory(folder, { socketPath: tooLong })).rejects.toThrow(
      'No place for the admin socket',
    );
  });

  it('is made private when it is outside the data directory', async () => {
    socketPath = adminSocketPath(join(folder, 'x'.repeat(100)), folder);
    const claimed = await claim();
    expect(statSync(join(socketPath, '..')).mode & 0o777).toBe(0o700);
    await claimed.release();
  });
});
