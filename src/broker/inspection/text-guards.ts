// What all calls share that have text looked at: the rules, made ready at the first of them, and compiled schemas of answers.
import { type AnswerSchema, compileSchema } from '../../core/model-text/answer-schema.ts';
import { ModelText } from '../../core/model-text/engine.ts';
import type { ModelTextProtection } from '../../core/protection/model-text.ts';

export class TextGuards {
  readonly texts = new ModelText();
  readonly #schemas = new WeakMap<ModelTextProtection, AnswerSchema>();

  /** Undefined: answers may be as they like. */
  schemaOf(settings: ModelTextProtection): AnswerSchema | undefined {
    if (settings.answerSchema === null) return undefined;
    let schema = this.#schemas.get(settings);
    if (schema === undefined) this.#schemas.set(settings, (schema = compileSchema(settings.answerSchema)));
    return schema;
  }
}
