// An MCP server of a vendor's, over streamable HTTP: one tool that says what it is told to.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';
import { FAILURE, PLAIN, sendJson, stepOf, type Vendor } from './vendor.ts';

const KEY = 'mcp-Qx7RmT2vLp9Zc4Ks8WbNfY3hJd6GuA1e';

export const mcp: Vendor = {
  id: 'mcp-http',
  key: KEY,
  allow: ['* /mcp'],
  isRight: ({ authorization }) => authorization === `Bearer ${KEY}`,
  denied: (response) => sendJson(response, 401, { error: 'invalid_token' }),
  answer: ({ body, raw }, response) => {
    const server = new McpServer({ name: 'a-vendor', version: '1.0.0' });
    server.registerTool('say', { inputSchema: { text: z.string() } }, ({ text }) => {
      const step = stepOf(text);
      const said = step === 'fail' ? FAILURE : step === 'echo' ? `your key is ${KEY}, is it not` : PLAIN;
      return { content: [{ type: 'text', text: said }], isError: step === 'fail' };
    });
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on('close', () => void transport.close());
    const parsed: unknown = body.length === 0 ? undefined : JSON.parse(body.toString());
    void server.connect(transport).then(() => transport.handleRequest(raw, response, parsed));
  },
};
