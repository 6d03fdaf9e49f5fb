// A real terminal: a shell in tmux that is typed into, and what it shows.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);
/** Of a machine with much else to do. */
const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 50;

export class TmuxTerminal {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Types text and Enter. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
    await this.#tmux('send-keys', 'Enter');
  }

  /** Everything so far, lines that the terminal broke joined again, without empty lines at the end. */
  async text(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p', '-J', '-S', '-')).replace(/[ \n]+$/, '');
  }

  /** Resolves with everything so far once there are so many lines and the last one matches. Throws with what is shown. */
  async waitFor(last: RegExp, lines = 1): Promise<string> {
    const until = performance.now() + LIMIT_MS;
    for (;;) {
      const text = await this.text().catch(() => ''); // tmux itself may not be there yet
      const shown = text.split('\n');
      if (shown.length >= lines && last.test(shown.at(-1) ?? '')) return text;
      if (performance.now() > until) throw new Error(`waited for ${String(last)}; there is:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #tmux(...argv: readonly string[]): Promise<string> {
    return (await exec('tmux', ['-S', this.#socket, ...argv])).stdout;
  }
}
