// Programs that some tests need and that a machine may lack. Then the reason is printed; under CI it is a failure.
import { execFileSync } from 'node:child_process';
import { chooseSandbox } from '../../src/runner/registry.ts';

/** Python's pty module drives the pseudo-terminals. */
export const HAS_PSEUDO_TERMINAL = isThere('pseudo-terminals (python3)', () => {
  execFileSync('python3', ['-c', 'import pty'], { stdio: 'ignore' });
});

export const HAS_SANDBOX = isThere('the sandbox (bwrap)', () => {
  const { PATH = '' } = process.env;
  const hidden = { directories: [], files: [] };
  const request = { command: ['true'], hidden, workingDirectory: '/', environment: { PATH } } as const;
  const { hides, reason } = chooseSandbox(request, 'auto');
  if (!hides) throw new Error(reason);
});

export function isThere(what: string, tryIt: () => void): boolean {
  try {
    tryIt();
    return true;
  } catch (error) {
    const sentence = `Tests that need ${what} do not run: ${error instanceof Error ? error.message : 'unknown'}.`;
    if ((process.env['CI'] ?? '') !== '') throw new Error(sentence, { cause: error });
    console.log(sentence);
    return false;
  }
}
