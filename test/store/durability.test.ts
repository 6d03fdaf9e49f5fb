// What the embedded database still has after its process was killed, and after the power was cut.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { compiledFolder } from '../support/compiled.ts';
import { createEmbedded } from '../support/database.ts';
import { rebuild } from '../support/rebuilt-disk.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

interface Writer {
  /** Resolves when it has been carried out. */
  order(...orders: readonly string[]): Promise<void>;
  /** Resolves at the next line the writer prints that begins so. */
  said(start: string): Promise<string>;
  kill(): Promise<void>;
}

function startWriter(dataDirectory: string, disk?: string): Writer {
  const hook = disk === undefined ? [] : ['--import', here('../support/power-cut.js')];
  const child = spawn(
    process.execPath,
    [...hook, here('./writer.js'), join(compiledFolder(), 'dist'), dataDirectory],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, POWER_CUT_ROOT: dataDirectory, POWER_CUT_DISK: disk },
    },
  );
  running.add(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout });
  const said = (start: string) =>
    new Promise<string>((resolve, reject) => {
      const listen = (line: string) => {
        if (!line.startsWith(start)) return;
        lines.off('line', listen);
        resolve(line);
      };
      lines.on('line', listen);
      void exited.then(() => reject(new Error(`the writer ended before it said ${start}`)));
    });
  return {
    said,
    order: async (...orders) => {
      for (const order of orders) {
        const done = said(`done ${order}`);
        child.stdin.write(`${order}\n`);
        await done;
      }
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
      running.delete(child);
    },
  };
}

async function rowsOf(dataDirectory: string): Promise<number[]> {
  const database = await openDatabase({ kind: 'embedded', dataDirectory });
  const rows = await database.calls<{ n: number }[]>`select name::int as n from vault order by 1`;
  await database.close();
  return rows.map(({ n }) => n);
}

describe('a killed process', () => {
  it('loses no acknowledged row', async () => {
    const created = await createEmbedded();
    const { dataDirectory } = created.options;
    const writer = startWriter(dataDirectory);
    await writer.said('open');
    void writer.order('flood').catch(() => undefined);
    let known = 0;
    for (let batch = 0; batch < 30; batch += 1) known = Number((await writer.said('row')).slice(4));
    await writer.kill();
    const rows = await rowsOf(dataDirectory);
    expect(rows.slice(0, known + 1)).toEqual(Array.from({ length: known + 1 }, (_, n) => n));
    await created.drop();
  });

  it('leaves a first start that was cut off to be started over', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'doorward-first-'));
    await mkdir(join(dataDirectory, 'db'));
    await writeFile(join(dataDirectory, 'db', 'PG_VERSION'), '18\n');
    await writeFile(join(dataDirectory, 'db.unfinished'), '');
    expect(await rowsOf(dataDirectory)).toEqual([]);
    expect(existsSync(join(dataDirectory, 'db.unfinished'))).toBe(false);
    await rm(dataDirectory, { recursive: true });
  });
});

describe.runIf(existsSync('/proc/self/fd'))('a power cut', () => {
  it('costs only what came after the last makeDurable, makeRecentDurable or close', async () => {
    const created = await createEmbedded();
    const { dataDirectory } = created.options;
    const before = await mkdtemp(join(tmpdir(), 'doorward-before-cut-'));
    const disk = await mkdtemp(join(tmpdir(), 'doorward-disk-'));
    await cp(dataDirectory, before, { recursive: true, mode: constants.COPYFILE_FICLONE });
    const writer = startWriter(dataDirectory, disk);
    await writer.said('open');
    const rowsAfterCut = async () => {
      const after = await rebuild(before, disk);
      const rows = await rowsOf(after);
      await rm(after, { recursive: true });
      return rows;
    };
    await writer.order('add', 'add', 'durable', 'add');
    expect(await rowsAfterCut()).toEqual([0, 1]);
    await writer.order('recent', 'add');
    expect(await rowsAfterCut()).toEqual([0, 1, 2]);
    await writer.order('close');
    expect(await rowsAfterCut()).toEqual([0, 1, 2, 3]);
    await writer.kill();
    await Promise.all([before, disk].map((path) => rm(path, { recursive: true })));
    await created.drop();
  });
});
