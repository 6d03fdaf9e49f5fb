// `doorward serve`: the server's own entry takes it from here.
import type { Command } from 'commander';
import { define } from '../define.ts';
import type { OpenContext } from '../command.ts';

export function register(program: Command, open: OpenContext): void {
  define(program, {
    usage: 'serve',
    summary: 'Run the broker',
    examples: ['doorward serve', 'DOORWARD_DATA_DIR=./data doorward serve'],
    notes: 'Configured by the environment: doorward help environment',
  }).action(async (_options: object, command: Command) => {
    const context = open(command);
    const { serve } = await import('../serve.ts');
    await serve(context);
  });
}
