// The calls of `main.js` with the MCP SDK's client, to an MCP server of a vendor's.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const connect = async (path) => {
  const client = new Client({ name: 'an-agent', version: '1.0.0' });
  const headers = { authorization: `Bearer ${process.env.MCP_TOKEN}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${process.env.MCP_URL}${path}`), { requestInit: { headers } }),
  );
  return client;
};
const say = async (text) => {
  const client = await connect('/mcp');
  const { content, isError } = await client.callTool({ name: 'say', arguments: { text } });
  await client.close();
  if (isError) throw new Error(content[0].text);
  return content[0].text;
};

export const steps = {
  plain: () => say('step-plain'),
  fail: () => say('step-fail'),
  refused: () => connect('/elsewhere'),
  echo: () => say('step-echo'),
};
