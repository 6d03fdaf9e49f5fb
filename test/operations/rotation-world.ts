// What tests of rotations start from: a world, a secret with a service and an agent of its own, and an upstream that takes
// some values.
import { afterAll, beforeAll } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { createWorld, type World } from '../support/world.ts';

export const VALUES = [1, 2, 3, 4].map((number) => `sk-rotated-${number}-aQ9vXk27RmZt5LwY8cHdNpB`);
export const [FIRST = '', SECOND = '', THIRD = '', FOURTH = ''] = VALUES;

/** For one `describe`: opens the world before its tests and closes it after them. */
export function useRotationWorld(database: TestDatabase) {
  let world: World;
  let count = 0;
  /** Everything any operation has answered. */
  let said = '';
  beforeAll(async () => {
    world = await createWorld({ database });
  });
  afterAll(() => world?.close());

  async function admin(method: string, path: string, body?: object) {
    const answer = await world.admin(method, path, body);
    said += JSON.stringify(answer.body);
    return answer;
  }

  /** A secret with a service, an agent and a grant of its own. */
  async function setUp() {
    count += 1;
    const name = `vendor-${count}`;
    const { key } = await world.setUp({ value: FIRST, service: name, agent: `robot-${count}` });
    const token = await world.token(`robot-${count}`, key);
    accept(...VALUES);
    return {
      name,
      call: (path = '/v1/models') => world.call(token, `/call/${name}${path}`),
      rotate: (body: object) => admin('POST', `/v1/secrets/${name}/rotate`, body),
      rollBack: () => admin('POST', `/v1/secrets/${name}/rollback`),
      disable: (body: object = {}) => admin('POST', `/v1/secrets/${name}/disable`, body),
      enable: (body: object = {}) => admin('POST', `/v1/secrets/${name}/enable`, body),
      versions: async () => {
        const { body } = await admin('GET', `/v1/secrets/${name}/versions`);
        return (body['items'] as { number: number; state: string }[]).map(
          ({ number, state }) => `${number} ${state}`,
        );
      },
      story: async () => {
        const events = (await world.events('rotation')) as { kind: string; secret: { name: string } }[];
        return events.filter(({ secret }) => secret.name === name);
      },
    };
  }

  /** The upstream takes these values, and answers 401 to others. */
  function accept(...values: readonly string[]): void {
    world.upstream.respond = ({ headers }, response) => {
      const isGood = values.some((value) => headers.authorization === `Bearer ${value}`);
      response.writeHead(isGood ? 200 : 401, { 'content-type': 'text/plain' });
      response.end(`you sent ${headers.authorization ?? 'nothing'}`);
    };
  }
  const sentLast = () => world.upstream.seen.at(-1)?.headers.authorization;

  /** The upstream lets its next answer wait until `release`. */
  function hold() {
    let release = () => {};
    const arrived = new Promise<void>((resolve) => {
      world.upstream.respond = (_, response) => {
        release = () => void response.end();
        resolve();
      };
    });
    return { arrived, release: () => release() };
  }

  return { world: () => world, said: () => said, admin, setUp, accept, hold, sentLast };
}

export function kinds(events: readonly { kind: string }[]): string[] {
  return events.map(({ kind }) => kind);
}
