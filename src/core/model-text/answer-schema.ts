// An answer held against the JSON Schema that its service declares.
import { z } from 'zod';
import type { Stage } from '../inspection/stage.ts';

/** A longer answer is none that a schema was written for. */
const MAX_ANSWER = 4 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

export type JsonSchema = Readonly<Record<string, unknown>>;

export type AnswerSchema = z.ZodType;

/** Throws for what is no JSON Schema, and for the parts of it that are not looked after (`if`, `not`, `dependentSchemas`). */
export function compileSchema(schema: JsonSchema): AnswerSchema {
  return z.fromJSONSchema(schema);
}

interface SchemaOptions {
  readonly schema: AnswerSchema;
  /** Nothing passes before all of it was looked at. */
  readonly isHeld: boolean;
  /** Throws to cut the answer. */
  readonly onMismatch: () => void;
}

export function schemaStage({ schema, isHeld, onMismatch }: SchemaOptions): Stage {
  let kept: Buffer[] = [];
  let bytes = 0;
  let isOver = false;
  return {
    changesLength: false,
    mayCut: isHeld,
    push(chunk) {
      bytes += chunk.length;
      if (!isOver && bytes > MAX_ANSWER) {
        isOver = true;
        kept = [];
        onMismatch();
      }
      if (isOver) return chunk;
      kept.push(isHeld ? chunk : Buffer.from(chunk));
      return isHeld ? NOTHING : chunk;
    },
    end() {
      if (isOver) return NOTHING;
      const body = Buffer.concat(kept);
      if (!isMatch(schema, body)) onMismatch();
      return isHeld ? body : NOTHING;
    },
  };
}

/** Of what is no JSON, or too long for any schema, not. */
export function isMatch(schema: AnswerSchema, body: Buffer): boolean {
  if (body.length > MAX_ANSWER) return false;
  try {
    return schema.safeParse(JSON.parse(body.toString('utf8'))).success;
  } catch {
    return false;
  }
}
