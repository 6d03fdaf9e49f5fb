// No sandbox: the command is started as it is. Whoever chooses this says so to the user.
import type { Sandbox } from './sandbox.ts';

export const none: Sandbox = {
  name: 'none',
  hides: false,
  prepare: ({ command: [file, ...rest] }) => ({
    isUsable: true,
    launch: { file, arguments: rest, reportsChild: false },
  }),
};
