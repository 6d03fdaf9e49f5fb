// The command line from arguments to exit code. Failures become one message and a code here and nowhere else.
import { Command, CommanderError, Help, Option } from 'commander';
import type { RegisteredCommand } from './command.ts';
import { createContext } from './context.ts';
import type { Context } from './context.ts';
import { exampleText, subcommandTerm } from './define.ts';
import { EXIT } from './exit-codes.ts';
import { CommandFailure, ServerProblem } from './failure.ts';
import { COMMANDS } from './registry.ts';
import { styler } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { readVersion } from './version.ts';
import { visibleLines } from './visible-text.ts';

/** Runs one command line; never throws. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  let context: Context | undefined;
  try {
    const program = createProgram(terminal);
    const chosen = findCommand(argv);
    for (const command of COMMANDS) {
      if (command !== chosen) program.command(command.name).description(command.summary);
      else
        (await command.load()).register(program, (leaf) => (context = openContext(terminal, leaf)), COMMANDS);
      program.commands.at(-1)?.helpGroup(command.isShort === true ? SHORT : THE_REST);
    }
    addGlobalFlags(program);
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
    return context?.exitCode ?? EXIT.ok;
  } catch (error) {
    return report(error, terminal);
  }
}

function createProgram(terminal: Terminal): Command {
  return new Command('doorward')
    .usage('<command> [options]')
    .description('A secrets vault and credential broker: agents call the API, they never hold the key.')
    .version(readVersion(), '-V, --version', 'Print the version')
    .addHelpText('before', exampleText(['doorward add openai', 'doorward run -- claude']))
    .helpOption('-h, --help', 'Show help')
    .helpCommand(false)
    .configureHelp({ subcommandTerm, formatHelp: flagsLast })
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      outputError: () => undefined, // `report` prints it
      getOutHelpWidth: () => terminal.stdout.columns ?? 80,
      getErrHelpWidth: () => terminal.stderr.columns ?? 80,
    });
}

/** The commands are what one looks for; the flags that all of them take come behind. */
function flagsLast(command: Command, help: Help): string {
  const blocks = Help.prototype.formatHelp.call(help, command, help).trimEnd().split(/\n\n/);
  const flags = blocks.filter((block) => block.startsWith('Options:'));
  return `${[...blocks.filter((block) => !flags.includes(block)), ...flags].join('\n\n')}\n`;
}

const SHORT = 'Key, agent, call:';
const THE_REST = 'Everything else:';

/** The command the arguments name: the first word that is neither a flag nor the value of one. */
function findCommand(argv: readonly string[]): RegisteredCommand | undefined {
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--url' || word === '--data-dir') at += 1;
    else if (!word.startsWith('-')) return COMMANDS.find(({ name }) => name === word);
  }
  return undefined;
}

/** The global flags stand on every command, so that they may come before or after its name; the top-level help lists them. */
function addGlobalFlags(program: Command): void {
  for (const [flags, description] of GLOBAL_FLAGS) program.option(flags, description);
  for (const command of program.commands) addHiddenFlags(command);
}

function addHiddenFlags(command: Command): void {
  for (const [flags] of GLOBAL_FLAGS) command.addOption(new Option(flags).hideHelp());
  command.addHelpText('after', '\nFlags that every command takes, such as --json: doorward --help');
  for (const child of command.commands) addHiddenFlags(child);
}

const GLOBAL_FLAGS = [
  ['--json', 'Print JSON'],
  ['--plain', 'Print tab-separated text, also on a terminal'],
  ['--url <url>', 'Address of the server, instead of its socket'],
  ['--data-dir <path>', 'Data directory of the server'],
  ['-q, --quiet', 'Print data and errors only'],
  ['-y, --yes', 'Answer y/N questions with yes'],
  ['--no-input', 'Never ask'],
  ['--no-color', 'No colours'],
] as const;

/** Flags of the command and its parents; the one nearest to the command wins. */
function openContext(terminal: Terminal, leaf: Command): Context {
  const flags: Record<string, unknown> = {};
  for (let command: Command | null = leaf; command !== null; command = command.parent) {
    for (const [name, value] of Object.entries(command.opts())) {
      if (command.getOptionValueSource(name) !== 'default') flags[name] ??= value;
    }
  }
  return createContext(terminal, flags);
}

function report(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const { exitCode, message } = explain(error);
  if (message !== '') {
    const red = styler(terminal, terminal.stderr, true)('red', 'doorward:');
    terminal.stderr.write(`${red} ${visibleLines(message)}\n`);
  }
  const { DOORWARD_LOG_LEVEL } = terminal.environment;
  if (DOORWARD_LOG_LEVEL === 'debug' && error instanceof Error) {
    terminal.stderr.write(`${visibleLines(error.stack ?? '')}\n`);
  }
  return exitCode;
}

function explain(error: unknown): { exitCode: number; message: string } {
  if (error instanceof CommandFailure) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof ServerProblem) return { exitCode: error.exitCode, message: error.sentence };
  if (error instanceof CommanderError) return { exitCode: EXIT.usage, message: usageMessage(error) };
  if (isProblem(error)) return { exitCode: EXIT.usage, message: error.message };
  const reason = error instanceof Error ? error.message : 'unknown reason';
  return {
    exitCode: EXIT.failed,
    message: `This should not have happened: ${reason}. DOORWARD_LOG_LEVEL=debug shows where.`,
  };
}

/** A problem thrown on this side of the wire: the configuration. Told by name, so that help need not load the class. */
function isProblem(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Problem';
}

/** Commander's sentence; the value of an unknown flag may be a secret, so it is not repeated. */
function usageMessage(error: CommanderError): string {
  if (error.code === 'commander.help') return '';
  const sentence = error.message.replace(/^error: /, '');
  return error.code === 'commander.unknownOption' ? sentence.replace(/(--?[\w-]+)=[^]*?'/, "$1'") : sentence;
}
