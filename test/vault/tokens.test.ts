// Tokens at every replica: good, remembered, over, and refused in the same time.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

describe.each(testDatabases())('tokens across replicas on $name', (database) => {
  let world: World;
  const replicas = database.name === 'postgres' ? 2 : 1;

  beforeAll(async () => {
    world = await createWorld({ database, replicas });
  });
  afterAll(() => world?.close());

  const tokensOf = (replica: number) => {
    const tokens = world.apps[replica]?.operations.tokens;
    if (tokens === undefined) throw new Error('there is no such replica');
    return tokens;
  };

  test('of one replica are good at every other, and remembered there', async () => {
    const { key } = await world.setUp();
    const token = await world.token('robot', key);
    const last = tokensOf(replicas - 1);
    let verified = 0;
    const verify = () => last.verify(token, () => verified++);
    expect(verify()?.sub).toMatch(/^agt_/);
    expect(verify()?.sub).toMatch(/^agt_/);
    expect(verified).toBe(1);
  });

  test('that are no tokens are refused and remembered as such', () => {
    const tokens = tokensOf(0);
    for (const text of ['', 'x', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', `${'e'.repeat(5000)}.e.e`]) {
      expect(tokens.verify(text)).toBeUndefined();
      expect(tokens.verify(text, () => expect.unreachable())).toBeUndefined();
    }
  });

  test('end at their second, remembered or not', async () => {
    const { key } = await world.setUp({ service: 'short', agent: 'short' });
    const token = await world.token('short', key);
    expect(tokensOf(0).verify(token)).toBeDefined();
    world.clock.offsetMs = 606_000;
    expect(tokensOf(0).verify(token)).toBeUndefined();
    expect(tokensOf(replicas - 1).verify(token)).toBeUndefined();
    world.clock.offsetMs = 0;
    for (const app of world.apps) await app.lease.renew();
  });

  test('prove an agent by name or id, its own key only, and only while it is not frozen', async () => {
    const { key } = await world.setUp({ service: 'proof', agent: 'proof' });
    const { key: foreign } = await world.setUp({ service: 'foreign', agent: 'foreign' });
    const id = world.apps[0]?.authority.agentByName('proof')?.id ?? '';
    const tokens = tokensOf(0);
    expect(tokens.authenticateAgent('proof', key)?.id).toBe(id);
    expect(tokens.authenticateAgent(id, key)?.id).toBe(id);
    for (const [name, credential] of [
      ['proof', foreign],
      ['proof', ''],
      ['Proof', key],
      ['nobody', key],
      [id, foreign],
    ] as const) {
      expect(tokens.authenticateAgent(name, credential)).toBeUndefined();
    }
    await world.admin('POST', '/v1/agents/proof/freeze');
    for (let replica = 0; replica < replicas; replica += 1) {
      expect(tokensOf(replica).authenticateAgent('proof', key)).toBeUndefined();
    }
  });

  test('take as long to refuse an unknown agent as a known one with a wrong key', async () => {
    const tokens = tokensOf(0);
    const wrong = `dw_agent_${'A'.repeat(49)}`;
    const time = (name: string) => {
      const from = process.hrtime.bigint();
      for (let at = 0; at < 200; at += 1) tokens.authenticateAgent(name, wrong);
      return Number(process.hrtime.bigint() - from);
    };
    // Side by side, so that the machine's noise meets both. Without the hash of the key it would be a tenth.
    const ratios = Array.from({ length: 101 }, () => time('robot') / time('nobody')).sort((a, b) => a - b);
    const median = ratios[50];
    expect(median).toBeGreaterThan(0.4);
    expect(median).toBeLessThan(2.5);
  });
});
