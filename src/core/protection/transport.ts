// How a service is reached: its certificates, its patience, and how much it may send.
import { z } from 'zod';

export const TransportProtection = z.strictObject({}).meta({ id: 'TransportProtection' });
export type TransportProtection = z.output<typeof TransportProtection>;

export function transportWeaknesses(_settings: TransportProtection): string[] {
  return [];
}
