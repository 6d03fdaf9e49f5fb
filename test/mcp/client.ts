// The SDK's own client against a world, over HTTP.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult, ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import type { World } from '../support/world.ts';

export interface Connected {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
  /** Calls a tool; gives what it answered, with its texts joined. */
  tool(name: string, input?: Record<string, unknown>): Promise<CallToolResult & { readonly text: string }>;
}

export async function connect(
  world: World,
  token: string,
  options: {
    readonly query?: string;
    readonly capabilities?: ClientCapabilities;
    readonly replica?: number;
  } = {},
): Promise<Connected> {
  const { query = '', capabilities = {}, replica = 0 } = options;
  const url = new URL(`${world.apps[replica]?.address ?? ''}/mcp${query}`);
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities });
  await client.connect(transport);
  return {
    client,
    transport,
    tool: async (name, input = {}) => {
      const result = (await client.callTool({ name, arguments: input })) as CallToolResult;
      return { ...result, text: textOf(result) };
    },
  };
}

export function textOf({ content }: CallToolResult): string {
  return content.map((block) => (block.type === 'text' ? block.text : `<${block.type}>`)).join('\n');
}
