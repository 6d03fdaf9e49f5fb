// The Dockerfile, carried out step by step without an engine; then its command runs as its user on a file system that can
// not be written, and its own health check says whether it is well.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeVariables } from '../../src/config.ts';
import { isThere } from '../cli/needs.ts';
import { parseDockerfile } from './dockerfile.ts';
import { buildImage, type Image, runInImage } from './image.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly dependencies: object;
  readonly devDependencies: object;
};

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
};

const HAS_NAMESPACES = isThere('user namespaces (bwrap)', () => {
  const tried = spawnSync('bwrap', [
    '--unshare-user',
    '--uid',
    '1000',
    '--unshare-net',
    '--ro-bind',
    '/',
    '/',
    'true',
  ]);
  if (tried.status !== 0) throw new Error(String(tried.stderr ?? tried.error));
});

describe('the Dockerfile', () => {
  const stages = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));

  test('takes its base by a tag that names the major version', () => {
    expect(stages.map(({ base }) => base)).toEqual(['node:24-slim', 'node:24-slim']);
  });

  test('sets variables that mean something', () => {
    const names = stages.flatMap(({ instructions }) =>
      instructions.flatMap((step) => (step.kind === 'env' ? Object.keys(step.variables) : [])),
    );
    const known = [...describeVariables().map(({ name }) => name), 'NODE_ENV'];
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe.runIf(HAS_NAMESPACES)('the image', () => {
  let scratch: string;
  let image: Image;
  let found: Record<string, unknown>;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'doorward-image-'));
    image = buildImage(ROOT, scratch);
    const volume = join(scratch, 'volume');
    cpSync(join(image.root, image.volumes[0] ?? ''), volume, { recursive: true }); // as a new named volume is filled
    const done = runInImage(image, join(import.meta.dirname, 'inside-image.js'), {
      volumes: { [image.volumes[0] ?? '']: volume },
      input: {
        command: [...image.entrypoint, ...image.command],
        doctor: [...image.entrypoint, 'doctor', '--json'],
        healthCheck: image.healthCheck,
      },
    });
    if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`);
    found = JSON.parse(done.stdout) as Record<string, unknown>; // an object of the driver's making
  }, 900_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test('starts, is well by its own health check and by HTTP, and ends when it is told to', () => {
    expect(found).toMatchObject({ healthBefore: 1, health: 0, ready: 200, ended: { code: 0, signal: null } });
    expect(found['output']).toMatch(/^Doorward listens on http:\/\/\S+:7420$/m);
  });

  test('runs as an ordinary user that can write to the volume and nowhere else', () => {
    expect(found).toMatchObject({ uid: 1000, dataMode: '700', refusedWrites: Array(4).fill('EROFS') });
  });

  test('holds the program and what it runs on, and neither sources nor tools', () => {
    expect(found['app']).toEqual([
      'LICENSE',
      'bin',
      'catalogue',
      'dist',
      'migrations',
      'node_modules',
      'package.json',
    ]);
    const names = found['packages'] as string[];
    const top = (packages: object) => Object.keys(packages).map((name) => name.split('/')[0] ?? '');
    expect(names).toEqual(expect.arrayContaining(top(manifest.dependencies)));
    // A tool that the program's own packages need too is there for them.
    const isTool = (name: string) => lock.packages[`node_modules/${name}`]?.dev === true;
    const tools = Object.keys(manifest.devDependencies).filter(
      (name) => !name.startsWith('@') && isTool(name),
    );
    expect(names.filter((name) => tools.includes(name))).toEqual([]);
  });

  test('finds nothing wrong with itself', () => {
    const { findings } = JSON.parse(String(found['doctor'])) as {
      findings: { level: string; summary: string }[];
    };
    expect(findings.length).toBeGreaterThan(10);
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
  });
});
