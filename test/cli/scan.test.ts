// `doorward scan`: keys that were left behind are found wherever they stand, and nothing else is.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeySearch } from '../../src/cli/import/key-search.ts';
import { extendLedger, placeholderDigest } from '../../src/cli/import/ledger.ts';
import { type Finding, scanFile } from '../../src/cli/import/scan-file.ts';
import { main } from '../../src/cli/main.ts';
import { createPlaceholder } from '../../src/core/placeholder.ts';
import { createOpaqueToken } from '../../src/crypto/opaque-token.ts';
import { systemRandomness } from '../../src/crypto/randomness.ts';
import { readCatalogue } from '../../src/catalogue/catalogue.ts';
import { seededRandomness } from '../crypto/fixed-randomness.ts';

const GITHUB = 'ghp_Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5KwQ1n';
const OPENAI = 'sk-proj-Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5KwQ1nVbXe';
const MIB = 1024 * 1024;

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'doorward-scan-')));
  mkdirSync(join(root, 'tree'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (name: string, content: string | Buffer) => writeFileSync(join(root, 'tree', name), content);
const search = createKeySearch(() => false);

async function scanOne(content: string | Buffer): Promise<readonly Finding[]> {
  put('one', content);
  return (await scanFile(join(root, 'tree/one'), search, () => undefined)) ?? expect.fail('not read');
}

interface Report {
  readonly files: number;
  readonly findings: readonly {
    path: string;
    line: number | null;
    services: string[];
    kind: string;
    key: string;
  }[];
  readonly placeholders: number;
  readonly unreadable: readonly string[];
}

async function scan(...flags: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const terminal = { stdin: new PassThrough(), stdout, stderr, environment: { HOME: root } };
  const argv = ['scan', join(root, 'tree'), '--data-dir', join(root, 'data'), ...flags];
  const code = await main(argv, terminal);
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function report(...flags: readonly string[]): Promise<Report & { code: number }> {
  const { code, stdout } = await scan('--json', ...flags);
  return { ...(JSON.parse(stdout) as Report), code };
}

describe('a key', () => {
  it.each([
    ['alone', GITHUB],
    ['in JSON', `{"token":"${GITHUB}"}`],
    ['in an address', `https://x:${GITHUB}@github.com/a/b`],
    ['in a query', `?a=1&access_token=${GITHUB}&b=2`],
    ['in code', `fetch(u, {headers: {authorization: \`token ${GITHUB}\`}})`],
    ['in Markdown', `**${GITHUB}**`],
    ['behind a hyphen', `--token=-${GITHUB}.`],
  ])('is found %s', async (_, text) => {
    const findings = await scanOne(`first\n${text}\nlast`);
    expect(findings.map(({ line, services, masked }) => [line, services[0], masked])).toEqual([
      [2, 'github', 'ghp_…wQ1n'],
    ]);
  });

  it('of any service whose keys have a beginning is found', async () => {
    const missed: string[] = [];
    const randomness = seededRandomness('keys that are found'); // one in two hundred looks like a stand-in by chance
    for (const { id, placeholder: shape, keyPattern, keyPatternIsWeak } of readCatalogue()) {
      if (shape === undefined || keyPattern === undefined || keyPatternIsWeak) continue;
      const key = createPlaceholder(shape, randomness);
      const found = search.find(`x = "${key}";`, 0).some(({ services }) => services.includes(id));
      if (!found) missed.push(id);
    }
    // Their keys begin as anything may; they are found beside the name of their variable.
    expect(missed.length).toBeLessThan(12);
  });

  it('without a look of its own is found beside its variable', async () => {
    const key = 'Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5K';
    const text = `MISTRAL_API_KEY=${key}\nmistral_api_key: "${key}"\n"MISTRAL_API_KEY": "${key}",\nOTHER=${key}\n`;
    expect((await scanOne(text)).map(({ line, services }) => [line, ...services])).toEqual([
      [1, 'mistral'],
      [2, 'mistral'],
      [3, 'mistral'],
    ]);
  });

  it('is not what only looks a little like one', async () => {
    const texts = [
      'OPENAI_API_KEY=process.env.OPENAI_API_KEY',
      'MISTRAL_API_KEY=your-mistral-api-key-here-1',
      'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx1',
      're_some_function_that_reads_a_value_1',
      `a${GITHUB}`,
      'sk-short1',
      'the word task-driven-development-2024-edition-notes',
    ];
    expect(await scanOne(texts.join('\n'))).toEqual([]);
  });

  it('is found at every place around the end of a piece, once and on its line', async () => {
    for (let before = MIB - 60; before <= MIB + 5; before += 5) {
      const text = `${'x'.repeat(99)}\n`.repeat(20_000).slice(0, before - 1);
      const findings = await scanOne(`${text}\n${GITHUB}\n${'y'.repeat(3000)}`);
      const line = text.split('\n').length + 1;
      expect(findings.map(({ at, line: found }) => [at, found])).toEqual([[before, line]]);
    }
  });

  it('is found at the end of each piece of a large file, beside its variable too', async () => {
    const parts: string[] = [];
    let length = 0;
    for (const end of [MIB, 2 * MIB, 3 * MIB]) {
      for (const back of [4000, 2040, 1030, 20]) {
        parts.push(
          `${'-'.repeat(end - back - length - 1)}\nMISTRAL_API_KEY=Zq8vNk3TzW6xPm2LrB9cYd4HsJ7fGt5K\n`,
        );
        length = end - back + 49;
      }
    }
    expect(await scanOne(parts.join(''))).toHaveLength(12);
  });

  it('is found in binary files, by its byte, and in UTF-16, by its line', async () => {
    const binary = Buffer.concat([Buffer.from([0, 1, 2, 255, 0]), Buffer.from(GITHUB), Buffer.from([0])]);
    expect((await scanOne(binary)).map(({ at, line }) => [at, line])).toEqual([[5, undefined]]);
    const wide = Buffer.from(`\ufeffone\n${GITHUB}\n`, 'utf16le');
    expect((await scanOne(wide)).map(({ line }) => line)).toEqual([2]);
  });

  it('is searched for in linear time, whatever the file is made of', async () => {
    const hostile = [
      'sk-',
      'sk-proj-a1',
      'eyJa.',
      'AKIA',
      'A_',
      '0123456789abcdef',
      'OPENAI_API_KEY=',
      '/1//',
    ];
    for (const piece of hostile) {
      const findings = await scanOne(piece.repeat((4 * MIB) / piece.length));
      expect(findings.length).toBeLessThan(10_000);
    }
  });
});

describe('the command', () => {
  it('lists where, masked, and ends with 8', async () => {
    put('.env', `PORT=1\nOPENAI_API_KEY=${OPENAI}\n`);
    const { code, stdout, stderr } = await scan();
    expect(code).toBe(8);
    expect(stdout).toBe(`${join(root, 'tree/.env')}:2\tsk-proj-…VbXe\topenai\n`);
    expect(stderr).toContain('1 key in 1 file.');
    expect(stdout + stderr).not.toContain(OPENAI);
  });

  it('ends with 0 where there is none', async () => {
    put('.env', 'PORT=1\n');
    expect(await scan()).toMatchObject({ code: 0, stdout: '', stderr: 'No key in 1 file.\n' });
  });

  it('tells placeholders from keys, and credentials of its own from both', async () => {
    const [shape = expect.fail('no shape')] = readCatalogue().flatMap(({ id, placeholder }) =>
      id === 'github' && placeholder !== undefined ? [placeholder] : [],
    );
    const placeholder = createPlaceholder(shape, systemRandomness());
    await extendLedger(join(root, 'data'), { placeholders: [placeholderDigest(placeholder)] });
    put('.env', `GITHUB_TOKEN=${placeholder}\nK=${createOpaqueToken('placeholder', systemRandomness())}\n`);
    expect(await report()).toMatchObject({ code: 0, findings: [], placeholders: 2 });
    expect((await report('--placeholders')).findings).toHaveLength(2);
    put('agent.key', createOpaqueToken('agent', systemRandomness()));
    const { code, findings } = await report();
    expect([code, findings.map(({ services, key }) => [services, key])]).toEqual([
      8,
      [[['doorward'], 'dw_agent_…']],
    ]);
  });

  it('leaves out links, node_modules, git objects and the data directory, and looks into .git otherwise', async () => {
    for (const name of ['node_modules/a', '.git/objects/aa', '.git/refs', 'data']) {
      mkdirSync(join(root, 'tree', name), { recursive: true });
    }
    for (const name of ['node_modules/a/x', '.git/objects/aa/x', 'data/owner', '.git/config'])
      put(name, GITHUB);
    writeFileSync(join(root, 'outside'), GITHUB);
    symlinkSync('../outside', join(root, 'tree/link'));
    symlinkSync('.', join(root, 'tree/loop'));
    const { findings } = await report('--data-dir', join(root, 'tree/data'));
    expect(findings.map(({ path }) => path)).toEqual([join(root, 'tree/.git/config')]);
  });

  it('ends with 1 where a file could not be read, and names it', async () => {
    put('closed', GITHUB);
    chmodSync(join(root, 'tree/closed'), 0);
    chmodSync(root, 0o755);
    const isRoot = process.getuid?.() === 0; // whom no mode keeps out
    if (isRoot) process.seteuid?.(65_534);
    const { code, stderr } = await scan().finally(() => {
      if (isRoot) process.seteuid?.(0);
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(root, 'tree/closed')} could not be read.`);
  });

  it('says that a path is not there', async () => {
    rmSync(join(root, 'tree'), { recursive: true });
    expect(await scan()).toMatchObject({ code: 2, stderr: expect.stringContaining('is not there') });
  });

  it('takes one file as well as a tree of many', async () => {
    for (let at = 0; at < 300; at += 1) put(`${String(at)}.txt`, at % 100 === 7 ? GITHUB : 'nothing here');
    const { files, findings } = await report();
    expect([files, findings.length]).toEqual([300, 3]);
    const single = await report(); // the order is that of the names
    expect(single.findings.map(({ path }) => path)).toEqual(findings.map(({ path }) => path).toSorted());
  });
});
