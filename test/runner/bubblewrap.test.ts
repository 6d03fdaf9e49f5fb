// What a command inside the sandbox can still reach: its files, its terminal, nothing of ours (attack A61).
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseSandbox } from '../../src/runner/registry.ts';
import { HAS_PSEUDO_TERMINAL, HAS_SANDBOX } from '../cli/needs.ts';
import type { Exited } from '../cli/process.ts';
import { compiledFolder } from '../support/compiled.ts';
import { onPty } from '../cli/pseudo-terminal.ts';
import { insideArguments, runInside } from './run-inside.ts';

let root: string;
let server: Server;
beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'doorward-sandbox-')));
  for (const directory of ['data', 'home', 'work']) mkdirSync(join(root, directory));
  writeFileSync(join(root, 'data/root.key'), 'ROOT-KEY-BYTES');
  writeFileSync(join(root, 'home/owner.credential'), 'OWNER-CREDENTIAL');
  writeFileSync(join(root, 'home/notes.txt'), 'notes');
  server = createServer((socket) => socket.end('ADMIN'));
  await new Promise<void>((resolve) => server.listen(join(root, 'home/admin.sock'), resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(root, { recursive: true });
});

function inside(command: readonly [string, ...string[]], options: { input?: string } = {}): Promise<Exited> {
  const hidden = {
    directories: [join(root, 'data')],
    files: [join(root, 'home/owner.credential'), join(root, 'home/admin.sock')],
  };
  return runInside(compiledFolder(), { command, hidden, workingDirectory: join(root, 'work') }, options);
}

const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];

describe.runIf(HAS_SANDBOX)('inside the sandbox', () => {
  test('the working directory, the other files, streams and arguments are as outside', async () => {
    const script = 'pwd; cat ../home/notes.txt; cat; printf "%s\\n" "$1"; echo made > file; echo talk >&2';
    const ended = await inside([...sh(script), 'zero', 'A=1 "two words"'], { input: ' input ' });
    expect(ended).toMatchObject({
      code: 0,
      stdout: `${join(root, 'work')}\nnotes input A=1 "two words"\n`,
      stderr: 'talk\n',
    });
    expect(execFileSync('cat', [join(root, 'work/file')]).toString()).toBe('made\n');
  });

  test.each([
    ['the root key is not there', 'cat ../data/root.key'],
    ['the data directory is empty and stays so', 'ls -A ../data | grep . || touch ../data/x'],
    ['the owner credential can not be read', 'cat ../home/owner.credential'],
    ['nor replaced', 'echo forged > ../home/owner.credential'],
    ['nor moved aside', 'mv ../home/owner.credential ../home/aside'],
    [
      'the covers can not be taken off',
      'umount ../data || umount -l ../data || umount ../home/owner.credential',
    ],
    ['nor passed by a mount of its own', 'unshare -Urm sh -c "umount ../data && cat ../data/root.key"'],
    ['nor by the namespaces of another process', 'nsenter -t 1 -m cat "$PWD/../data/root.key"'],
    ["nor by another process's root directory", 'cat /proc/[0-9]*/root/"$PWD"/../data/root.key'],
    [
      'no disk can be read below the files',
      'for d in $(find /dev -type b); do head -c 1 $d && exit 0; done; exit 1',
    ],
    // Opened, never written: a hole here must not change the machine that runs the tests.
    ['the kernel can not be told to start a program outside', ': >> /proc/sys/kernel/core_pattern'],
    ['nor anything under /sys be set', 'find /sys/kernel -maxdepth 1 -type f -writable | grep .'],
  ])('%s', async (_what, script) => {
    const attack = await inside(sh(`if (${script}) 2>/dev/null; then echo broken; else echo held; fi`));
    expect(attack).toMatchObject({ code: 0, stdout: expect.stringMatching(/^held\n$/), stderr: '' });
  });

  test('the admin socket can not be connected', async () => {
    const script = `require('net').connect('../home/admin.sock').on('error', (e) => console.log(e.code)).on('data', (d) => console.log(String(d)))`;
    const { stdout } = await inside(['node', '-e', script]);
    expect(stdout).toMatch(/^E[A-Z]+\n$/);
  });

  test('no process of outside can be seen, its environment not read, no signal sent', async () => {
    const outside = spawn('sleep', ['60'], { env: { SECRET_OF_ANOTHER: 'value-of-another' } });
    try {
      const script = `cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -c value-of-another; ls -d /proc/[0-9]* | wc -l; kill -9 ${String(outside.pid)} || echo unknown`;
      const { stdout } = await inside(sh(script));
      const [hits, processes, killed] = stdout.split('\n');
      expect(hits).toBe('0');
      expect(Number(processes)).toBeLessThan(10);
      expect(killed).toBe('unknown');
      expect(outside.exitCode).toBeNull();
    } finally {
      outside.kill();
    }
  });

  test('it has no capabilities and gains none', async () => {
    const { stdout } = await inside(sh('grep -E "^(CapPrm|CapEff|NoNewPrivs)" /proc/self/status'));
    expect(stdout).toBe('CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n');
  });
});

describe.runIf(HAS_SANDBOX)('exit codes and signals', () => {
  test.each([
    ['exit 0', 0],
    ['exit 42', 42],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ])('%s', async (script, expected) => {
    expect((await inside(sh(script))).code).toBe(expected);
  });

  test.each([
    ['SIGTERM', 3],
    ['SIGHUP', 4],
    ['SIGINT', 5],
  ] as const)('%s reaches the command, which ends as it likes', async (signal, expected) => {
    const script = `for (const [s, c] of [['SIGTERM', 3], ['SIGHUP', 4], ['SIGINT', 5]]) process.on(s, () => setTimeout(() => process.exit(c), 50)); console.log('ready'); setInterval(() => {}, 1000);`;
    const hidden = { directories: [], files: [] };
    const ended = await runInside(
      compiledFolder(),
      { command: ['node', '-e', script], hidden, workingDirectory: root },
      { signalWhenReady: signal },
    );
    expect(ended.code).toBe(expected);
  });

  test('nothing of the command outlives a killed runner', async () => {
    const marker = `doorward-${String(process.pid)}-${String(Date.now())}`;
    const hidden = { directories: [], files: [] };
    const command = sh(
      `echo ready; exec sleep 300 "" ${marker} 2>/dev/null || exec tail -f /dev/null ${marker}`,
    );
    await runInside(
      compiledFolder(),
      { command, hidden, workingDirectory: root },
      { signalWhenReady: 'SIGKILL' },
    );
    await expect.poll(() => execFileSync('ps', ['axo', 'args']).toString()).not.toContain(marker);
  });
});

test('without bubblewrap nothing is hidden, and the reason is told', () => {
  const request = {
    command: ['true'] as [string],
    hidden: { directories: [], files: [] },
    workingDirectory: root,
    environment: { PATH: '/nowhere' },
  };
  expect(chooseSandbox(request, 'auto')).toMatchObject({
    hides: false,
    reason: expect.stringMatching(/not installed/),
  });
  expect(chooseSandbox(request, 'off')).toMatchObject({
    hides: false,
    reason: expect.stringMatching(/switched off/),
  });
});

describe.runIf(HAS_SANDBOX && HAS_PSEUDO_TERMINAL)('at a terminal', () => {
  const hidden = { directories: [], files: [] };
  const onTerminal = async (
    command: readonly [string, ...string[]],
    steps: readonly (readonly [string, string])[],
  ) => {
    const argv = insideArguments(compiledFolder(), { command, hidden, workingDirectory: root });
    return onPty([process.execPath, ...argv], steps);
  };

  test("Ctrl-C is the command's to handle, and it keeps job control", async () => {
    const script = 'trap "echo caught; exit 7" INT; echo ready; while :; do sleep 0.05; done';
    const { code, output } = await onTerminal(['bash', '-c', script], [['ready', '\u0003']]);
    expect(output).toContain('caught');
    expect(code).toBe(7);
  });

  test('a command without a handler ends by Ctrl-C, and the code says so', async () => {
    const { code } = await onTerminal(['sh', '-c', 'echo ready; exec sleep 60'], [['ready', '\u0003']]);
    expect(code).toBe(130);
  });

  test('the command has a terminal of its size, but can not type into it', async () => {
    const script =
      'import fcntl, os, termios\n' +
      'print(os.get_terminal_size().columns, os.tcgetpgrp(0) == os.getpgrp())\n' +
      'for request in (termios.TIOCSTI, termios.TIOCSTI | 1 << 32):\n' +
      '  import ctypes\n' +
      '  libc = ctypes.CDLL(None, use_errno=True)\n' +
      '  print(libc.ioctl(0, ctypes.c_ulong(request), b"x"), ctypes.get_errno())\n';
    const { output } = await onTerminal(['python3', '-c', script], []);
    expect(output.replaceAll('\r', '')).toMatch(/^\d+ True\n-1 1\n-1 1\n/);
  });
});
