// `doorward mcp`: what an MCP client starts as its server. Inside a run it speaks for that run; outside, for an agent by its
// agent key. Standard output belongs to the protocol: whatever else there is to say goes to stderr.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import type { AccessToken } from '../credentials.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { Address } from '../transport.ts';

interface McpOptions {
  readonly actions?: string;
  readonly keyFile?: string;
}

/** The token to show; `isFresh` asks for another one than before. */
type TokenSource = (isFresh: boolean) => Promise<string>;

const TOKEN_MARGIN_MS = 30_000;
/** Longer than any tool takes. */
const ANSWER_LIMIT_MS = 120_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'mcp [agent]',
    summary: 'Be the MCP server of an agent, on standard input and output',
    examples: ['doorward mcp', 'doorward mcp worker --key-file worker.key --actions github,slack'],
    notes:
      'Inside `doorward run` it speaks for the run, by DOORWARD_URL and DOORWARD_TOKEN. Elsewhere it needs an agent and the\n' +
      'file of its agent key. MCP clients that speak HTTP need no program: their address is the server’s, with /mcp.',
  })
    .option('--actions <services>', 'A tool for each action of these services too: github,slack or all')
    .option('--key-file <path>', 'File that holds the agent key')
    .action(async (agent: string | undefined, options: McpOptions, command: Command) =>
      serve(open(command), agent, options),
    );
}

async function serve(context: Context, agent: string | undefined, options: McpOptions): Promise<void> {
  const address = await context.address();
  const token = await tokenSource(context, { agent, keyFile: options.keyFile, address });
  const path = options.actions === undefined ? '/mcp' : `/mcp?actions=${encodeURIComponent(options.actions)}`;
  const [{ bridge }, { readAll, send }] = await Promise.all([
    import('../../mcp/stdio.ts'),
    import('../transport.ts'),
  ]);
  const { stdin, stdout } = context.terminal;
  const ask = async (body: string, headers: object, signal: AbortSignal, isFresh: boolean) => {
    const authorization = `Bearer ${await token(isFresh)}`;
    const answer = await send(address, {
      method: 'POST',
      path,
      headers: { ...HEADERS, ...headers, authorization },
      body,
      timeoutMs: ANSWER_LIMIT_MS,
      signal,
    });
    const text = (await readAll(answer, MAX_ANSWER_BYTES)).toString();
    const session = answer.headers['mcp-session-id'];
    return {
      status: answer.statusCode ?? 0,
      text,
      session: typeof session === 'string' ? session : undefined,
    };
  };
  await bridge({
    input: stdin,
    output: stdout,
    warn: (text) => context.warn(text),
    post: async (body, headers, signal) => {
      const answer = await ask(body, headers, signal, false);
      // A server that was started anew may have forgotten the token; a second refusal is meant.
      return answer.status === 401 && agent !== undefined ? await ask(body, headers, signal, true) : answer;
    },
  });
}

const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
} as const;

async function tokenSource(
  context: Context,
  { agent, keyFile, address }: { agent: string | undefined; keyFile: string | undefined; address: Address },
): Promise<TokenSource> {
  if (agent === undefined && keyFile !== undefined) {
    throw usageFailure('Whose agent key is that? doorward mcp AGENT --key-file FILE');
  }
  if (agent !== undefined) {
    // Standard input is the protocol's: the agent key can not come that way.
    if (keyFile === undefined)
      throw usageFailure('Name the file of its agent key: doorward mcp AGENT --key-file FILE');
    return await tokensOfKey(context, { agent, keyFile, address });
  }
  const { token } = await context.config();
  if (token !== undefined) return () => Promise.resolve(token);
  throw new CommandFailure(
    EXIT.authNeeded,
    "For which agent? Inside `doorward run` it is the run's; elsewhere: doorward mcp AGENT --key-file FILE",
  );
}

async function tokensOfKey(
  context: Context,
  { agent, keyFile, address }: { agent: string; keyFile: string; address: Address },
): Promise<TokenSource> {
  const [{ readAgentKey }, { exchangeForToken }] = await Promise.all([
    import('../agent-key.ts'),
    import('../credentials.ts'),
  ]);
  const credential = await readAgentKey(context, keyFile);
  let present: Promise<AccessToken> | undefined;
  const exchange = () => {
    const asked = exchangeForToken(address, { name: agent, credential }, (text) => context.say(text));
    asked.catch(() => {
      if (present === asked) present = undefined; // the next message tries again
    });
    return asked;
  };
  return async (isFresh) => {
    const known = await present;
    const isGood = known !== undefined && performance.now() < known.expiresAtMs - TOKEN_MARGIN_MS;
    if (isFresh || !isGood) present = exchange();
    return (await (present ?? exchange())).text;
  };
}
