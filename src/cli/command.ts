// What a command is to the registry that lists it.
import type { Command } from 'commander';
import type { Context } from './context.ts';

/** Makes a command's context from the flags it and its parents were given. */
export type OpenContext = (command: Command) => Context;

interface CommandModule {
  /** Adds the command to `program`. `all` is for the one command that tells about the others. */
  readonly register: (program: Command, open: OpenContext, all: readonly RegisteredCommand[]) => void;
}

export interface RegisteredCommand {
  readonly name: string;
  readonly summary: string;
  /** Of the few that most people need: the help lists them first. */
  readonly isShort?: true;
  readonly load: () => Promise<CommandModule>;
}
