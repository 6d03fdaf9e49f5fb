// `doorward help`: topics that belong to no command, and the way to a command's own help.
import type { Command } from 'commander';
import { EXIT_CODE_MEANINGS } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { define } from '../define.ts';
import { write } from '../output.ts';
import type { OpenContext, RegisteredCommand } from '../command.ts';

export function register(program: Command, open: OpenContext, all: readonly RegisteredCommand[]): void {
  define(program, {
    usage: 'help [topic] [verb]',
    summary: 'Help on a command, exit-codes or environment',
    examples: ['doorward help exit-codes', 'doorward help environment'],
  }).action(
    async (topic: string | undefined, verb: string | undefined, _options: object, command: Command) => {
      const context = open(command);
      if (topic === undefined) program.outputHelp();
      else if (topic === 'exit-codes') write(context, exitCodes());
      else if (topic === 'environment') write(context, await environment());
      else await commandHelp({ program, open, all }, topic, verb);
    },
  );
}

function exitCodes(): string {
  const lines = EXIT_CODE_MEANINGS.map(([code, meaning]) => `${String(code).padStart(5)}  ${meaning}\n`);
  return `${lines.join('')}\n\`doorward run\` ends with its command's own code, or 128 and the signal's number.\n`;
}

async function environment(): Promise<string> {
  const { describeVariables } = await import('../../config.ts');
  const variables = describeVariables();
  const width = Math.max(...variables.map(({ name }) => name.length));
  const lines = variables.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}\n`);
  return `${lines.join('')}\nEach can also be read from a file: NAME_FILE names it. Flags stand above the environment.\n`;
}

interface Commands {
  readonly program: Command;
  readonly open: OpenContext;
  readonly all: readonly RegisteredCommand[];
}

async function commandHelp(
  { program, open, all }: Commands,
  topic: string,
  verb: string | undefined,
): Promise<void> {
  const known = all.find(({ name }) => name === topic);
  if (known === undefined) {
    throw usageFailure(`There is no help on that. Commands: ${all.map(({ name }) => name).join(', ')}.`);
  }
  const { Command } = await import('commander');
  const parent = new Command('doorward').copyInheritedSettings(program);
  (await known.load()).register(parent, open, all);
  const command = parent.commands[0];
  (command?.commands.find((child) => child.name() === verb) ?? command)?.outputHelp();
}
