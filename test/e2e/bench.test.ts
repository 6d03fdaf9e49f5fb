// `npm run bench` in its smallest form: that it measures, says what it measured, and leaves nothing behind. What the
// figures are is nobody's business here.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SHORT_LIVED, start } from '../cli/process.ts';

const BENCH = fileURLToPath(new URL('../../bench/bench.js', import.meta.url));
const VERDICTS = ['aim met', 'must met', 'missed', 'not measured'];

interface Target {
  readonly id: string;
  readonly part: string;
  readonly verdict: string;
  readonly must: number;
  readonly measured?: number;
  readonly missing?: string;
}

interface Road {
  readonly road: string;
  readonly connections: number;
  readonly perSecond: { readonly median: number };
  readonly errors: Record<string, number>;
}

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'doorward-bench-test-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the bench', () => {
  it('measures the scan and says how fast each table is', async () => {
    const { code, stdout, stderr } = await bench(
      '--only',
      'scan',
      '--rounds',
      '1',
      '--window',
      '0.01',
      '--json',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/scan…\n$/) });
    const { machine, targets, parts } = JSON.parse(stdout);
    expect(Object.keys(machine)).toEqual([
      'cpu',
      'cores',
      'memoryGiB',
      'kernel',
      'node',
      'postgres',
      'nginx',
    ]);
    expect(targets.map(({ id }: Target) => id)).toEqual([
      'scan.64-patterns',
      'scan.10000-secrets',
      'scan.sse-event',
      'scan.stream-memory',
    ]);
    for (const { verdict, measured } of targets as Target[]) {
      expect(VERDICTS.slice(0, 3)).toContain(verdict);
      expect(measured).toBeGreaterThan(0);
    }
    expect(parts.scan.cases).toHaveLength(12);
    for (const { patterns, gigabytesPerSecond } of parts.scan.cases) {
      expect(patterns).toBeGreaterThanOrEqual(64);
      expect(gigabytesPerSecond).toEqual([expect.any(Number)]);
    }
  });

  it('measures calls beside the baseline, keeps every window and draws them', async () => {
    const results = join(directory, 'results');
    const few = [
      '--roads',
      'direct,nginx,embedded',
      '--connections',
      '1,4',
      '--rounds',
      '2',
      '--window',
      '0.1',
      '--memory',
      '0.25',
    ];
    const { code, stdout, stderr } = await bench('--only', 'calls', '--quick', '--results', results, ...few);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^0\.250 GiB of memory made ready: a page of 4 KiB took [\d.]+ µs, and [\d.]+ µs again\.$/m,
      ),
    });
    expect(stdout).toMatch(/^Doorward, embedded database\t4\t/m);
    const { targets, parts } = JSON.parse(await readFile(join(results, 'latest.json'), 'utf8'));
    expect(parts.calls.memory).toEqual({
      gibibytes: 0.25,
      firstMicroseconds: expect.any(Number),
      againMicroseconds: expect.any(Number),
    });
    const roads = parts.calls.roads as Road[];
    for (const name of ['direct', 'pass-through', 'embedded']) {
      const own = roads.filter(({ road }) => road === name);
      expect(own.map(({ connections, errors }) => ({ connections, errors }))).toEqual([
        { connections: 1, errors: {} },
        { connections: 4, errors: {} },
      ]);
      for (const { perSecond } of own) expect(perSecond.median).toBeGreaterThan(0);
    }
    expect(parts.calls.windows).toHaveLength(roads.length * 2);
    const nginx = [...roads, ...parts.calls.absent].find(({ road, name }) => (road ?? name) === 'nginx');
    expect(nginx).toBeDefined(); // measured, or said to be absent
    const full = (targets as Target[]).find(({ id }) => id === 'calls.of-pass-through');
    expect(full).toMatchObject({ verdict: 'not measured', must: 0.27 });
    const picture = await readFile(join(results, 'latest.svg'), 'utf8');
    expect(picture).toMatch(/<title id="title">.+<\/title>/);
    expect(picture).toContain('prefers-color-scheme: dark');
    expect(picture.match(/<rect /g)).toHaveLength(roads.length);
  });

  it('ends its servers and removes its directory when it is interrupted', async () => {
    const own = await mkdtemp(join(directory, 'tmp-'));
    const few = ['--roads', 'embedded', '--memory', '0.25', '--no-save'];
    const argv = [...SHORT_LIVED, BENCH, '--only', 'calls', ...few];
    const child = spawn(process.execPath, argv, {
      env: { ...process.env, TMPDIR: own },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let said = '';
    await new Promise<void>((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.split('calls…').length > 2) resolve(); // the roads are open
      });
      void ended.then(() => resolve());
    });
    expect(await processesOf(own)).toBeGreaterThan(0);
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    await expect.poll(() => processesOf(own)).toBe(0);
    await expect.poll(() => readdir(own)).toEqual([]);
  });

  it('says which parts there are when it is asked for another', async () => {
    const { code, stderr } = await bench('--only', 'weather');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^bench: "weather" is none of calls, streams, growth, scan, request-lookup, content, text, bodies, start, kinds$/m,
    );
  });
});

function bench(...argv: string[]) {
  const isKept = argv.includes('--results');
  return start(process.execPath, [...SHORT_LIVED, BENCH, ...argv, ...(isKept ? [] : ['--no-save'])]);
}

/** Processes whose command line names something in `folder`; each runs a program copied there. */
async function processesOf(folder: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(folder)).length;
}
