// `doorward attack` before it attacks anything: what it lists, and what it refuses to attack.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ATTACKS } from '../../src/attack/registry.ts';
import { createStandIn, type StandIn } from './stand-in.ts';

describe('doorward attack', () => {
  let server: StandIn;
  beforeEach(async () => {
    server = await createStandIn({});
  });
  afterEach(() => server.close());

  test('lists its rows without a server', async () => {
    const { code, stdout } = await server.cli(['attack', '--list', '--json']);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)).toEqual(ATTACKS.map(({ id }) => id));
    expect(server.seen).toEqual([]);
  });

  test('names the row that there is not', async () => {
    const { code, stderr } = await server.cli(['attack', '--only', 'A02,A99']);
    expect(code).toBe(2);
    expect(stderr).toContain('There is no row A99');
  });

  test('attacks no server on another machine unless told that it may', async () => {
    const { code, stderr } = await server.cli(['attack', '--url', 'https://doorward.example.com']);
    expect(code).toBe(2);
    expect(stderr).toContain('is not on this machine');
    expect(stderr).toContain('--yes');
    expect(server.seen).toEqual([]);
  });
});
