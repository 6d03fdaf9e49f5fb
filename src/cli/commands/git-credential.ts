// `doorward git-credential`: a credential helper for git, which gets the run's placeholder or the agent's token for the
// broker's own address and nothing for any other; and the settings that lead git there.
import { type Command, Option } from 'commander';
import type { OpenContext } from '../command.ts';
import type { Context } from '../context.ts';
import { collect, define } from '../define.ts';
import { usageFailure } from '../failure.ts';
import { answerOf, originOf, parseAsked } from '../git/credential-protocol.ts';
import { write } from '../output.ts';
import { quoted } from '../quoted.ts';

interface Options {
  readonly agent?: string;
  readonly keyFile?: string;
  readonly for?: readonly string[];
}

const MAX_ASKED_BYTES = 16 * 1024;

export function register(program: Command, open: OpenContext): void {
  const group = define(program, {
    usage: 'git-credential',
    summary: "Hand git the agent's token instead of a key",
    examples: [
      'doorward git-credential setup github-git --instead-of https://github.com/',
      'git config --global credential.http://127.0.0.1:7420.helper "!doorward git-credential"',
    ],
    notes:
      'In a `doorward run` git gets its placeholder. Elsewhere name the agent, and the file with its key:\n' +
      '  !doorward git-credential --agent worker --key-file /home/me/worker.key',
  })
    .option('--agent <name>', 'Agent whose token git gets; without it the run this is in')
    .option('--key-file <path>', 'File that holds the agent key')
    .addOption(
      new Option('--for <url>', 'Another address of the broker, such as that of a listener; may be repeated')
        .argParser(collect)
        .default(undefined),
    );
  const optionsOf = (command: Command) => (command.parent ?? command).opts<Options>();
  define(group, {
    usage: 'get',
    summary: 'Answer git, which asks on stdin',
    examples: ['echo "url=…" | doorward git-credential get', 'git credential fill'],
  }).action(async (_options: object, command: Command) => get(open(command), optionsOf(command)));
  for (const usage of ['store', 'erase'] as const) {
    define(group, {
      usage,
      summary: `Git says it when a token was ${usage === 'store' ? 'good' : 'refused'}; nothing is kept`,
      examples: [`doorward git-credential ${usage}`, 'git credential approve'],
    }).action(() => undefined);
  }
  define(group, {
    usage: 'setup <service>',
    summary: 'Print the settings that lead git to a service',
    examples: [
      'doorward git-credential setup github-git --instead-of https://github.com/',
      'doorward git-credential setup github-git --instead-of https://github.com/ | sh',
    ],
  })
    .requiredOption('--instead-of <url>', 'What remotes begin with, such as https://github.com/')
    .action(async (service: string, { insteadOf }: { insteadOf: string }, command: Command) =>
      setup(open(command), { ...optionsOf(command), service, insteadOf }),
    );
}

async function get(context: Context, options: Options): Promise<void> {
  const { readAll } = await import('../transport.ts');
  const { origin } = parseAsked((await readAll(context.terminal.stdin, MAX_ASKED_BYTES)).toString());
  const { url, token } = await context.config();
  const own = [url, ...(options.for ?? [])].map((address) => originOf(address ?? ''));
  // Anything else is not ours to answer: git asks its other helpers, or the person.
  if (origin === undefined || !own.includes(origin)) return;
  const given = options.agent === undefined ? token : await exchange(context, options.agent, options.keyFile);
  if (given !== undefined) write(context, answerOf(given));
}

async function exchange(context: Context, name: string, keyFile: string | undefined): Promise<string> {
  if (keyFile === undefined) {
    throw usageFailure('--agent needs --key-file: stdin is where git asks.');
  }
  const [{ readAgentKey }, { exchangeForToken }] = await Promise.all([
    import('../agent-key.ts'),
    import('../credentials.ts'),
  ]);
  const credential = await readAgentKey(context, keyFile);
  const say = (text: string) => context.say(text);
  return (await exchangeForToken(await context.address(), { name, credential }, say)).text;
}

async function setup(
  context: Context,
  options: Options & { readonly service: string; readonly insteadOf: string },
): Promise<void> {
  const { service, insteadOf, agent, keyFile } = options;
  const remote = originOf(insteadOf);
  if (remote === undefined) throw usageFailure('--instead-of is a URL such as https://github.com/');
  const { findBrokerUrl } = await import('../test-key.ts');
  const url = (await context.config()).url ?? (await findBrokerUrl(await context.client()));
  const flags = agent === undefined ? '' : ` --agent ${agent} --key-file ${quoted(keyFile ?? 'FILE')}`;
  const base = insteadOf.endsWith('/') ? insteadOf : `${insteadOf}/`;
  const lines = [
    [`url.${url}/call/${service}/.insteadOf`, base],
    [`credential.${url}.helper`, ''], // helpers of the machine are not asked, and never get to keep the token
    [`credential.${url}.helper`, `!doorward --url ${url} git-credential${flags}`],
  ].map(([name = '', value = ''], at) =>
    ['git config --global', ...(at === 2 ? ['--add'] : []), quoted(name), quoted(value)].join(' '),
  );
  write(context, `${lines.join('\n')}\n`);
}
