// What is printed: nothing a terminal would obey, tables that fit, plain lines for scripts.
import * as fc from '../support/properties.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { visible, visibleJson, visibleLines } from '../../src/cli/visible-text.ts';
import { createStandIn } from './stand-in.ts';
import type { StandIn } from './stand-in.ts';
import { serviceRecord } from './stand-in-records.ts';

// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

test('no text keeps a character that a terminal obeys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visible(text)).not.toMatch(OBEYED);
      expect(visible(text)).not.toMatch(/[\n\t]/);
      expect(visibleLines(text)).not.toMatch(OBEYED);
      expect(visibleJson({ text }, 2)).not.toMatch(OBEYED);
    }),
  );
});

test('JSON says the same after escaping', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(visibleJson(value, 0))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

const items = ['openai', 'a-service-with-a-rather-long-name'].map((name) =>
  serviceRecord(name, {
    baseUrl: 'https://api.example.com/v1\u001b]0;owned\u0007',
    auth: { kind: 'header', name: 'x-api-key' },
    secret: 'openai',
    keyEnv: 'OPENAI_API_KEY',
    baseUrlEnv: 'OPENAI_BASE_URL',
    baseUrlSuffix: '/v1',
  }),
);

const probed = {
  id: 'evt_01h455vb4pex5vsknk084sn02q',
  kind: 'rotation.probed',
  at: '2030-01-31T18:00:00.000Z',
  v: 1,
  vault: 'vlt_01h455vb4pex5vsknk084sn02q',
  replica: 'rep_01h455vb4pex5vsknk084sn02q',
  principal: { type: 'system' },
  rotation: 'rot_01h455vb4pex5vsknk084sn02q',
  secret: { id: 'sec_01h455vb4pex5vsknk084sn02q', name: 'openai', from: 1, to: 2 },
  intent: 'evt_01h455vb4pex5vsknk084sn02r',
  probe: {
    service: { id: 'svc_01h455vb4pex5vsknk084sn02q', name: 'openai' },
    method: 'GET',
    path: '/v1/models',
  },
  result: 'answered',
  status: 200,
};

let server: StandIn;
beforeAll(async () => {
  server = await createStandIn({
    'GET /v1/services': () => ({ body: { items, nextCursor: null } }),
    'GET /v1/audit/events': () => ({ body: { items: [probed], nextCursor: null, nextAfter: null } }),
  });
});
afterAll(async () => server.close());

test('a pipe gets one tab-separated line per row, whole', async () => {
  const { stdout } = await server.cli(['service', 'list']);
  expect(stdout.split('\n')[0]?.split('\t')).toEqual([
    'openai',
    'https://api.example.com/v1\\x1b]0;owned\\x07',
    'header:x-api-key',
    'openai',
    'OPENAI_API_KEY',
    'OPENAI_BASE_URL=/v1',
    '-', // no address of its own
    '2030-01-31T18:00:00.000Z',
    'svc_01h455vb4pex5vsknk084sn02q',
  ]);
  expect((await server.cli(['service', 'list', '--plain'], { columns: 80 })).stdout).toBe(stdout);
});

test.each([60, 80, 120, 300])('a terminal of %i columns gets a table that fits it', async (columns) => {
  const { stdout } = await server.cli(['service', 'list'], { columns, environment: { TERM: 'dumb' } });
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^NAME +BASE U/);
  expect(lines.length).toBe(3);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
});

test('on a narrow terminal the ids of events go before what they say is shortened', async () => {
  const told = 'openai 1→2: 200 to openai GET /v1/models';
  const narrow = await server.cli(['audit', 'list'], { columns: 100 });
  expect([narrow.stderr, narrow.stdout]).toEqual(['', expect.stringContaining(told)]);
  expect(narrow.stdout).not.toContain(probed.id);
  const wide = await server.cli(['audit', 'list'], { columns: 160 });
  expect(wide.stdout).toContain(told);
  expect(wide.stdout).toContain(probed.id);
});

test.each([
  [{}, [], true],
  [{ NO_COLOR: '1' }, [], false],
  [{ TERM: 'dumb' }, [], false],
  [{}, ['--no-color'], false],
])('colours are for terminals that want them: %j %j', async (environment, flags, expected) => {
  const { stdout } = await server.cli([...flags, 'service', 'list'], { columns: 120, environment });
  expect(stdout.includes('\u001b[')).toBe(expected);
  expect((await server.cli([...flags, 'service', 'list'], { environment })).stdout).not.toContain('\u001b[');
});
