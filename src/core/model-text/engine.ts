// The rules made ready for reading: once for a process, since it takes tens of milliseconds, and only where a service asks.
import { type CompiledRules, compileRules } from './compile.ts';
import { FoldTable } from './fold.ts';
import type { Rule, Side } from './rule.ts';
import { allRules } from './rules/registry.ts';
import { TextReader } from './text-reader.ts';

interface ReadingOptions {
  readonly side: Exclude<Side, 'both'>;
  /** Nobody but a program sees the text. */
  readonly isHidden?: boolean;
  readonly onFinding: (rule: Rule) => void;
}

export class ModelText {
  #rules: CompiledRules | undefined;
  readonly #fold = new FoldTable();

  /** A text to be pushed in pieces. */
  reader(options: ReadingOptions): TextReader {
    this.#rules ??= compileRules(allRules());
    return new TextReader({ ...options, rules: this.#rules, fold: this.#fold });
  }

  /** The rules that a whole text breaks. */
  find(text: string, side: ReadingOptions['side'] = 'reads'): readonly Rule[] {
    const found: Rule[] = [];
    const reader = this.reader({ side, onFinding: (rule) => found.push(rule) });
    reader.push(text);
    reader.end();
    return found;
  }
}
