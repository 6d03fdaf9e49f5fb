// `doorward token`: an access token for an agent's key. Needs no owner credential, only the agent key.
import type { Command } from 'commander';
import { readAgentKey } from '../agent-key.ts';
import type { Context } from '../context.ts';
import { define } from '../define.ts';
import { printJson, write } from '../output.ts';
import type { OpenContext } from '../command.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'token <agent>',
    summary: "Print an access token for an agent's key",
    examples: ['doorward token worker --key-file worker.key', 'doorward token worker < worker.key'],
    notes: 'Without --key-file the agent key is read from stdin, or asked for on a terminal.',
  })
    .option('--key-file <path>', 'File that holds the agent key')
    .action(async (agent: string, options: { keyFile?: string }, command: Command) =>
      print(open(command), agent, options.keyFile),
    );
}

async function print(context: Context, agent: string, keyFile: string | undefined): Promise<void> {
  const { exchangeForToken } = await import('../credentials.ts');
  const credential = await readAgentKey(context, keyFile);
  const askedAtMs = performance.now();
  const say = (text: string) => context.say(text);
  const token = await exchangeForToken(await context.address(), { name: agent, credential }, say);
  const expiresInSeconds = Math.round((token.expiresAtMs - askedAtMs) / 1000);
  if (!printJson(context, { accessToken: token.text, expiresInSeconds })) write(context, `${token.text}\n`);
}
