// What others wrote, unmodified, inside `doorward run`: each makes a plain call, reads a stream, meets an error of the
// vendor's and a refusal of ours, and is told the key by an upstream that echoes it. The table in docs/clients.md is made
// from what happened.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectTable } from './table.ts';
import { CLIENTS, type ClientProgram, isInstalled } from './clients.ts';
import { VENDORS } from './vendors/registry.ts';
import { FAILURE, PLAIN, stepOf } from './vendors/vendor.ts';
import { type ClientsWorld, openClientsWorld } from './world.ts';

interface Outcome {
  readonly step: string;
  readonly text?: string;
  /** Names of the error's class and of those it extends. */
  readonly error?: readonly string[];
  readonly status?: number | string;
  readonly message?: string;
}

const INSTALLED = CLIENTS.filter((client) => {
  const missing = isInstalled(client);
  if (missing !== undefined) console.log(`${client.title} is not tried: ${missing}`);
  return missing === undefined;
});

let world: ClientsWorld;
beforeAll(async () => {
  world = await openClientsWorld();
});
afterAll(async () => {
  await world?.close();
});

const results = new Map<string, readonly Outcome[]>();

describe.each(INSTALLED)('$title', (client) => {
  let outcomes: readonly Outcome[] = [];
  let attempts = 0;
  let refusals = 0;
  beforeAll(async () => {
    const before = await world.countRefused();
    world.upstream.seen.length = 0;
    outcomes = await runProgram(client);
    results.set(client.title, outcomes);
    attempts = world.upstream.seen.filter(({ body, url }) => stepOf(url + body.toString()) === 'fail').length;
    refusals = (await world.countRefused()) - before;
  });
  const outcome = (step: string) => outcomes.find((each) => each.step === step);

  test('makes a plain call', () => {
    expect(outcome('plain')).toEqual({
      step: 'plain',
      text: client.raw === true ? expect.stringContaining(PLAIN) : PLAIN,
    });
  });

  if (client.streams) {
    test('reads a stream', () => {
      const text = outcome('stream')?.text ?? '';
      expect(client.raw === true ? text.match(/"content": ?"([^"]*)"/g)?.length : text).toEqual(
        client.raw === true ? 5 : PLAIN,
      );
    });
  }

  test("gets the vendor's error as it is", () => {
    const { error, message } = outcome('fail') ?? {};
    expect(error).toContain(client.failed);
    expect(message).toContain(client.failedWith ?? FAILURE);
    expect(attempts).toBe(client.failAttempts ?? 1);
  });

  test('raises its own error for a refusal, which it does not try again', () => {
    const { error, message } = outcome('refused') ?? {};
    expect(error).toContain(client.refused);
    expect(message).toMatch(client.refusedWith ?? /does not cover this call/);
    expect(refusals).toBe(1);
  });

  test('never gets the key that the vendor echoes', () => {
    const { text } = outcome('echo') ?? {};
    expect(text).toMatch(/your key is .*, is it not/);
    for (const { key } of VENDORS) expect(JSON.stringify(outcomes)).not.toContain(key);
  });
});

async function runProgram(client: ClientProgram): Promise<readonly Outcome[]> {
  const { code, stdout, stderr } = await world.run(client.command);
  if (code !== 0) throw new Error(`${client.title} ended with ${String(code)}: ${stderr}${stdout}`);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Outcome);
}

// Only a run that tried all of them can say.
if (INSTALLED.length === CLIENTS.length) {
  test('docs/clients.md says what was tried', () => {
    const rows = CLIENTS.map((client) => {
      const refused = results.get(client.title)?.find(({ step }) => step === 'refused');
      const [raised = ''] = refused?.error ?? [];
      const stream = client.streams ? 'yes' : '–';
      return [client.title, client.version, 'yes', stream, 'as it is', `\`${raised}\`, once`, 'masked'];
    });
    const head = ['client', 'version', 'plain call', 'stream', 'vendor error', 'our refusal', 'echoed key'];
    expectTable('clients', [head, ...rows]);
  });
}
