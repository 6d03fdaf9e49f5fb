// `doorward approve ID`: short for `doorward approval approve ID`.
import type { Command } from 'commander';
import type { OpenContext } from '../command.ts';
import { defineApprove } from './approval.ts';

export function register(program: Command, open: OpenContext): void {
  defineApprove(program, open, 'doorward approve');
}
