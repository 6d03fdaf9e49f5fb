// What a service does with personal data and other content, in each direction.
import { z } from 'zod';

export const ContentProtection = z.strictObject({}).meta({ id: 'ContentProtection' });
export type ContentProtection = z.output<typeof ContentProtection>;

export function contentWeaknesses(_settings: ContentProtection): string[] {
  return [];
}
