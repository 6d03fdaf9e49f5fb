// `doorward completion`: what a shell needs to complete our command lines, and, unseen, the candidates it then asks for.
import { Option } from 'commander';
import type { Command } from 'commander';
import { realpathSync } from 'node:fs';
import type { OpenContext, RegisteredCommand } from '../command.ts';
import { completionScript, type Shell, SHELLS } from '../completion/scripts.ts';
import { type Context, createContext } from '../context.ts';
import { define } from '../define.ts';
import { EXIT } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { write } from '../output.ts';
import { quoted } from '../quoted.ts';

interface CompletionOptions {
  /** Milliseconds they may take, where the caller has its own idea of that. */
  readonly candidates?: true | string;
}

export function register(program: Command, open: OpenContext, all: readonly RegisteredCommand[]): void {
  define(program, {
    usage: 'completion [shell] [words...]',
    summary: 'Print completion for bash, zsh or fish',
    examples: ['source <(doorward completion bash)', 'doorward completion fish | source'],
    notes:
      'Agents, services, secrets and the catalogue are completed with the names there are at that moment.',
  })
    .usage('<bash|zsh|fish>')
    .addOption(new Option('--candidates [ms]').hideHelp())
    .action(async (_shell: string, _words: string[], options: CompletionOptions, command: Command) => {
      const context = open(command);
      const { candidates } = options;
      const limitMs = candidates === true ? LIMIT_MS : Number(candidates);
      if (candidates !== undefined) await printCandidates(context, { words: command.args, limitMs }, all);
      else write(context, completionScript(requireShell(command.args), programPath()));
    });
}

function requireShell([shell, ...more]: readonly string[]): Shell {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined || more.length > 0) {
    throw usageFailure('Which shell? doorward completion bash, zsh or fish.');
  }
  return known;
}

/** Aliases are not known where a completion runs: the path this was started by is. */
function programPath(): string {
  return quoted(realpathSync(process.argv[1] ?? 'doorward'));
}

/** Somebody waits with a finger on the key. */
const LIMIT_MS = 2_000;

/** Asks nobody anything and fails in silence: what it prints stands in the middle of somebody's line. */
async function printCandidates(
  context: Context,
  { words, limitMs }: { readonly words: readonly string[]; readonly limitMs: number },
  all: readonly RegisteredCommand[],
): Promise<void> {
  const quiet = createContext(context.terminal, { ...context.flags, input: false, quiet: true });
  const { findCandidates } = await import('../completion/candidates.ts');
  const { namesFor } = await import('../completion/names.ts');
  let isLate = false;
  const limit = new Promise<never>((_, reject) => {
    setTimeout(() => {
      isLate = true;
      reject(new Error('late'));
    }, limitMs).unref();
  });
  try {
    const asked = findCandidates(words, all, (source, typed) =>
      namesFor(source, typed, () => quiet.client()),
    );
    for (const { value, description } of await Promise.race([asked, limit])) {
      write(context, `${value}\t${description}\n`);
    }
  } catch {
    if (isLate) process.exit(EXIT.ok); // a server that hangs holds its connection open
  }
}
