// A world with an agent at an MCP client: `vendor` in part, `hub` as the catalogue has GitHub, in part, and nothing of `hidden`.
import type { TestDatabase } from '../support/database.ts';
import type { Respond } from '../support/upstream.ts';
import { createWorld, type World } from '../support/world.ts';
import { connect, type Connected } from './client.ts';

export interface AgentWorld {
  readonly world: World;
  readonly token: string;
  readonly agent: Connected;
}

/** The agent is `robot`; there is another one that may call nothing. */
export async function createAgentWorld(database: TestDatabase | undefined): Promise<AgentWorld> {
  if (database === undefined) throw new Error('there is always a database');
  const world = await createWorld({ database });
  const { key } = await world.setUp({ allow: ['GET /v1/**', 'POST /v1/items'] });
  const service = { baseUrl: world.upstream.url, auth: { kind: 'bearer' }, secret: 'vendor' };
  const deny = ['* /repos/{owner}/{repo}/languages'];
  const allow = ['GET /user', 'GET /repos/**', 'POST /repos/{owner}/{repo}/issues/{number}/comments'];
  await world.admin('POST', '/v1/services', { ...service, name: 'hub', catalogueId: 'github', deny });
  await world.admin('POST', '/v1/services', { ...service, name: 'hidden' });
  await world.admin('POST', '/v1/grants', { agent: 'robot', service: 'hub', allow });
  await world.admin('POST', '/v1/agents', { name: 'other' });
  const token = await world.token('robot', key);
  return { world, token, agent: await connect(world, token) };
}

/** An upstream that says as JSON what it was asked. */
export const json: Respond = ({ method, url, headers, body }, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ method, url, type: headers['content-type'], text: body.toString() }));
};

/** The JSON that `json` answered, as the last line of a tool's text. */
export function lastLine(text: string): unknown {
  return JSON.parse(text.split('\n').at(-1) ?? '');
}
