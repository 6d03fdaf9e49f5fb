// What a service does with text that a model reads or writes.
import { z } from 'zod';

export const ModelTextProtection = z.strictObject({}).meta({ id: 'ModelTextProtection' });
export type ModelTextProtection = z.output<typeof ModelTextProtection>;

export function modelTextWeaknesses(_settings: ModelTextProtection): string[] {
  return [];
}
