// The rules made ready for reading: once for a process, in steps, and only where a service asks.
import { type CompiledRules, compiling } from './compile.ts';
import { KindTable } from './kinds.ts';
import type { Rule, Side } from './rule.ts';
import { allRules } from './rules/registry.ts';
import { TextReader } from './text-reader.ts';

interface ReadingOptions {
  readonly side: Exclude<Side, 'both'>;
  /** Nobody but a program sees the text. */
  readonly isHidden?: boolean;
  readonly onFinding: (rule: Rule) => void;
}

interface Ready {
  readonly rules: CompiledRules;
  readonly table: KindTable;
}

export class ModelText {
  #steps: ReturnType<typeof compiling> | undefined;
  #ready: Ready | undefined;

  /** One step on the way to the first reader, a few milliseconds at most; gives whether there are more. */
  prepare(): boolean {
    if (this.#ready !== undefined) return false;
    this.#steps ??= compiling(allRules());
    const step = this.#steps.next();
    if (step.done !== true) return true;
    this.#ready = { rules: step.value, table: new KindTable() };
    this.#steps = undefined;
    return false;
  }

  /** A text to be pushed in pieces. */
  reader(options: ReadingOptions): TextReader {
    const { rules, table } = this.#readied();
    return new TextReader({ rules, table, ...options });
  }

  /** The rules that a whole text breaks. */
  find(text: string, side: ReadingOptions['side'] = 'reads'): readonly Rule[] {
    const found: Rule[] = [];
    const reader = this.reader({ side, onFinding: (rule) => found.push(rule) });
    reader.push(text);
    reader.end();
    return found;
  }

  #readied(): Ready {
    for (;;) {
      if (this.#ready !== undefined) return this.#ready;
      this.prepare();
    }
  }
}
