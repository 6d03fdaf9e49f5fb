// The sandboxes, best first.
import { bubblewrap } from './bubblewrap.ts';
import { none } from './none.ts';
import type { Launch, SandboxRequest } from './sandbox.ts';

const SANDBOXES = [bubblewrap, none] as const;

export interface ChosenSandbox {
  readonly launch: Launch;
  readonly hides: boolean;
  /** Why nothing is hidden. */
  readonly reason: string | undefined;
}

/** `auto` takes the best that works, `off` takes none. Whether "none" is good enough is the caller's to say. */
export function chooseSandbox(request: SandboxRequest, wish: 'auto' | 'off'): ChosenSandbox {
  let reason = wish === 'off' ? 'it was switched off' : undefined;
  for (const sandbox of SANDBOXES) {
    if (sandbox.hides && wish === 'off') continue;
    const answer = sandbox.prepare(request);
    if (answer.isUsable) return { launch: answer.launch, hides: sandbox.hides, reason };
    reason = answer.reason;
  }
  throw new Error('no sandbox can start a command'); // `none` always can
}
