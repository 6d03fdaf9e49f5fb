// What a service takes as an address and as a body, beyond what every service does.
import { z } from 'zod';

export const AddressProtection = z.strictObject({}).meta({ id: 'AddressProtection' });
export type AddressProtection = z.output<typeof AddressProtection>;

export function addressWeaknesses(_settings: AddressProtection): string[] {
  return [];
}
