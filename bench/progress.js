// What is going on, on stderr: one line that is written over on a terminal, else a line for each part.

/** @typedef {ReturnType<typeof createProgress>} Progress */

const BAR_WIDTH = 24;

/** @param {NodeJS.WriteStream} stream */
export function createProgress(stream) {
  const isTerminal = stream.isTTY;
  let part = '';
  let total = 1;
  let done = 0;
  /** @param {string} text */
  const draw = (text) => {
    if (!isTerminal) return;
    const filled = Math.round((BAR_WIDTH * Math.min(done, total)) / total);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
    stream.write(`\r\u001b[2K${`${part.padEnd(8)} ${bar} ${text}`.slice(0, (stream.columns ?? 80) - 1)}`);
  };
  return {
    /** @param {string} name @param {number} steps */
    begin: (name, steps) => {
      part = name;
      total = Math.max(1, steps);
      done = 0;
      if (!isTerminal) stream.write(`${name}…\n`);
      draw('');
    },
    /** One step is done, the next one is named. @param {string} [next] */
    step: (next = '') => {
      done += 1;
      draw(next);
    },
    /** @param {string} text */
    say: draw,
    end: () => {
      if (isTerminal) stream.write('\r\u001b[2K');
    },
  };
}
