// How a value gets in: byte for byte, but for one newline at the end of text.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStandIn } from './stand-in.ts';
import type { StandIn } from './stand-in.ts';

let server: StandIn;
beforeAll(async () => {
  server = await createStandIn({
    'POST /v1/secrets': () => ({
      body: {
        id: 'sec_01h455vb4pex5vsknk084sn02q',
        name: 'openai',
        credentialKind: 'bearer',
        currentVersion: 1,
        isDecoy: false,
        services: [],
        revision: 1,
        createdAt: '2030-01-31T18:00:00.000Z',
      },
    }),
  });
});
afterAll(async () => server.close());

async function sent(argv: readonly string[], stdin?: string | Buffer): Promise<unknown> {
  const ended = await server.cli(['secret', 'add', 'openai', ...argv], stdin === undefined ? {} : { stdin });
  expect(ended).toEqual({
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(/^Secret openai is stored as sec_/),
  });
  const { name, force, kind, ...value } = JSON.parse(server.seen.at(-1)?.body ?? '{}') as Record<
    string,
    unknown
  >;
  expect({ name, force, kind }).toEqual({
    name: 'openai',
    force: argv.includes('--force'),
    kind: 'static',
  });
  return value;
}

test.each([
  ['sk-live-123', { value: 'sk-live-123' }],
  ['sk-live-123\n', { value: 'sk-live-123' }],
  ['sk-live-123\r\n', { value: 'sk-live-123' }],
  ['sk-live-123\n\n', { value: 'sk-live-123\n' }],
  [' sk-live-123 ', { value: ' sk-live-123 ' }],
  ['\ufeffsk-live-123', { value: '\ufeffsk-live-123' }],
  [Buffer.from([0xff, 0x00, 0x0a]), { valueBase64: '/wAK' }],
])('stdin %j', async (stdin, expected) => {
  expect(await sent([], stdin)).toEqual(expected);
});

test('--keep-newline keeps it', async () => {
  expect(await sent(['--keep-newline'], 'sk-live-123\n')).toEqual({ value: 'sk-live-123\n' });
});

test('--from-file reads the file and leaves stdin alone', async () => {
  const file = join(server.dataDirectory, 'key.txt');
  writeFileSync(file, 'sk-from-file\n');
  expect(await sent(['--from-file', file, '--force'], 'not this')).toEqual({ value: 'sk-from-file' });
});

test.each([
  ['', /The value is empty/],
  ['\n', /The value is empty/],
  ['x'.repeat(70_000), /65538 bytes|at most 65536/],
])('a value that is no value ends the command', async (stdin, expected) => {
  const before = server.seen.length;
  const { code, stderr } = await server.cli(['secret', 'add', 'openai'], { stdin });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(expected);
  expect(server.seen.length).toBe(before);
});

test('destroying wants the name once more, and removing wants a yes, where nobody can be asked', async () => {
  const before = server.seen.length;
  for (const argv of [
    ['secret', 'destroy', 'openai'],
    ['secret', 'destroy', 'openai', '--yes'],
    ['secret', 'destroy', 'openai', '--confirm', 'opena'],
    ['service', 'remove', 'openai'],
    ['agent', 'rm', 'claude'],
  ]) {
    expect((await server.cli(argv)).code).toBe(2);
  }
  expect(server.seen.length).toBe(before);
  await server.cli(['secret', 'rm', 'openai', '--confirm', 'openai']);
  expect(server.seen.at(-1)).toMatchObject({ method: 'DELETE', path: '/v1/secrets/openai' });
});
