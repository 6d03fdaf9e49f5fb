// The demo as a stranger runs it, and its search for keys: a search that finds nothing must be one that could have.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHORT_LIVED } from '../cli/process.ts';
import { echoForms, findForms, searchForms, withoutFraming } from '../../examples/demo/key-forms.js';

const DEMO = fileURLToPath(new URL('../../examples/demo/demo.js', import.meta.url));

describe('npm run demo', { timeout: 240_000 }, () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'demo-test-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('passes its checks and leaves nothing behind', async () => {
    const { code, output } = await runDemo(directory);
    expect(output).toMatch(/\ndemo: (8|9|\d\d) checks passed\n$/);
    expect(code).toBe(0);
    expect(output).not.toContain('✗');
    expect(output).not.toContain('sk-demo');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('with --keep, leaves all of it running until the command it prints is run', async () => {
    const { code, output } = await runDemo(directory, '--keep');
    const [, data = ''] = /export DOORWARD_DATA_DIR=(\S+)/.exec(output) ?? [];
    const [, pids = ''] = /kill ((?:\d+ ?)+) &&/.exec(output) ?? [];
    try {
      expect(code).toBe(0);
      expect(existsSync(join(data, 'admin.sock'))).toBe(true);
      expect(pids.trim().split(' ')).toHaveLength(2);
    } finally {
      for (const pid of pids.trim().split(' ')) process.kill(Number(pid), 'SIGTERM');
    }
    for (const pid of pids.trim().split(' ')) await gone(Number(pid));
  });
});

describe("the demo's search", () => {
  const key = 'sk-demo+/Zm9vYmFyYmF6cXV4_-0123456789';
  const forms = searchForms(key);

  it.each(Object.entries(echoForms(key)))('finds what the vendor echoes as %s', (_name, text) => {
    expect(findForms(forms, Buffer.from(`before ${text} after`))).not.toEqual([]);
  });

  it.each([0, 1, 2, 3, 4, 5])('finds the key inside base64, %i bytes in', (shift) => {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${'x'.repeat(shift)}${key}yz`).toString(encoding);
      expect(findForms(forms, Buffer.from(text))).not.toEqual([]);
    }
  });

  it('finds a key that the framing of HTTP chunks cuts in two', () => {
    const bytes = Buffer.from(`\r\n1a\r\nhello ${key.slice(0, 9)}\r\n1f\r\n${key.slice(9)}\r\n0\r\n\r\n`);
    expect(findForms(forms, bytes)).toEqual([]);
    expect(findForms(forms, withoutFraming(bytes))).toContain('raw');
  });

  it('finds nothing in a placeholder', () => {
    expect(findForms(forms, Buffer.from('dw_run_8GtyQJ0nVXjo5be3zzz15In9yoVM5XDW7YpcPqX0yB92irpRy'))).toEqual(
      [],
    );
  });
});

async function runDemo(directory: string, ...words: readonly string[]) {
  const child = spawn(process.execPath, [...SHORT_LIVED, DEMO, ...words], {
    env: { ...process.env, TMPDIR: directory },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

/** Resolves once no process of that id is there. */
async function gone(pid: number): Promise<void> {
  const isThere = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (isThere()) await new Promise((resolve) => setTimeout(resolve, 20));
}
