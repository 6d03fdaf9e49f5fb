// What all calls share that have text looked at: compiled schemas of answers and the rules, which are loaded and made ready in
// small steps as soon as a service asks for them. Where none does, they are never loaded.
import { strict as assert } from 'node:assert';
import { setImmediate } from 'node:timers/promises';
import type { Service } from '../../core/entities.ts';
import { type AnswerSchema, compileSchema } from '../../core/model-text/answer-schema.ts';
import type { ModelText } from '../../core/model-text/engine.ts';
import { type ModelTextProtection, watchedSides } from '../../core/protection/model-text.ts';

export class TextGuards {
  /** The rules, of a service that was waited for with `prepare`. */
  readonly texts: Pick<ModelText, 'reader'> = {
    reader: (options) => {
      assert(this.#rules !== undefined, 'the rules on text were not waited for');
      return this.#rules.reader(options);
    },
  };
  readonly #schemas = new WeakMap<ModelTextProtection, AnswerSchema>();
  #rules: ModelText | undefined;
  #loading: Promise<void> | undefined;

  /** To be waited for before a text is read; undefined: there is nothing to wait for. */
  prepare(settings: ModelTextProtection): Promise<void> | undefined {
    if (this.#rules !== undefined || isOff(settings)) return undefined;
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Makes the rules ready before a call needs them, where any service wants them. */
  async prepareFor(services: () => readonly Service[]): Promise<void> {
    if (this.#loading !== undefined) return;
    const one = services().find(({ protection }) => !isOff(protection.text));
    if (one !== undefined) await this.prepare(one.protection.text);
  }

  /** Undefined: answers may be as they like. */
  schemaOf(settings: ModelTextProtection): AnswerSchema | undefined {
    if (settings.answerSchema === null) return undefined;
    let schema = this.#schemas.get(settings);
    if (schema === undefined) this.#schemas.set(settings, (schema = compileSchema(settings.answerSchema)));
    return schema;
  }

  async #load(): Promise<void> {
    const { ModelText } = await import('../../core/model-text/engine.ts');
    const rules = new ModelText();
    while (rules.prepare()) await setImmediate(); // calls go on between two steps
    this.#rules = rules;
  }
}

function isOff(settings: ModelTextProtection): boolean {
  const { mode, reads = mode, writes = mode } = settings;
  return reads === 'off' && writes === 'off' && watchedSides(settings).size === 0;
}
