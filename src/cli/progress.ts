// How far a long command has come: one line on stderr that is drawn over and over, where a person reads along.
import type { Context } from './context.ts';

export interface Progress {
  update(done: number, inAll: number): void;
  /** Takes the line away. */
  end(): void;
}

const DRAW_EVERY_MS = 100;
const WIDTH = 30;
/** The whole is often a guess: only the end is the end. */
const MOST = 0.99;

export function createProgress(context: Context, label: string): Progress {
  const { stderr } = context.terminal;
  const isShown = stderr.isTTY === true && context.flags.quiet !== true && context.flags.json !== true;
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  return {
    update: (done, inAll) => {
      const nowMs = performance.now();
      if (!isShown || nowMs - drawnAtMs < DRAW_EVERY_MS) return;
      drawnAtMs = nowMs;
      const part = Math.min(inAll === 0 ? MOST : done / inAll, MOST);
      const filled = Math.round(part * WIDTH);
      const bar = `${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}`;
      stderr.write(`\r${label} [${bar}] ${String(Math.floor(part * 100)).padStart(2)} %`);
    },
    end: () => {
      if (isShown && drawnAtMs > Number.NEGATIVE_INFINITY) stderr.write('\r\u001b[K');
    },
  };
}
