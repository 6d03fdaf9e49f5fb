// What guards the calls of one service beyond what guards every call. Each part is whole: what is stored of a part is all of
// it, and a part that is not stored is as its schema says.
import { z } from 'zod';
import { AddressProtection, addressWeaknesses } from './address.ts';
import { ContentProtection, contentWeaknesses } from './content.ts';
import { LeakProtection, leakWeaknesses } from './leaks.ts';
import { ModelTextProtection, modelTextWeaknesses } from './model-text.ts';
import { TransportProtection, transportWeaknesses } from './transport.ts';

/** As stored and as asked for: parts that were never set are not there. */
export const Protection = z
  .strictObject({
    leaks: LeakProtection.optional(),
    content: ContentProtection.optional(),
    text: ModelTextProtection.optional(),
    transport: TransportProtection.optional(),
    address: AddressProtection.optional(),
    decoy: z
      .boolean()
      .optional()
      .describe('No service at all but a trap: the first call to it freezes the agent.'),
  })
  .meta({ id: 'Protection' });
export type Protection = z.output<typeof Protection>;

/** As calls need it: every part is there. */
export interface ProtectionSettings {
  readonly leaks: LeakProtection;
  readonly content: ContentProtection;
  readonly text: ModelTextProtection;
  readonly transport: TransportProtection;
  readonly address: AddressProtection;
  readonly decoy: boolean;
}

const DEFAULTS: ProtectionSettings = {
  leaks: LeakProtection.parse({}),
  content: ContentProtection.parse({}),
  text: ModelTextProtection.parse({}),
  transport: TransportProtection.parse({}),
  address: AddressProtection.parse({}),
  decoy: false,
};

/** Throws a `ZodError` for what is stored in no known form: a guard that can not be read guards nothing. */
export function protectionSettings(stored: object): ProtectionSettings {
  if (Object.keys(stored).length === 0) return DEFAULTS;
  const { leaks, content, text, transport, address, decoy } = Protection.parse(stored);
  return {
    leaks: leaks ?? DEFAULTS.leaks,
    content: content ?? DEFAULTS.content,
    text: text ?? DEFAULTS.text,
    transport: transport ?? DEFAULTS.transport,
    address: address ?? DEFAULTS.address,
    decoy: decoy ?? DEFAULTS.decoy,
  };
}

/** What is guarded less than it is unless told, a sentence each. */
export function weaknesses(settings: ProtectionSettings): readonly string[] {
  return [
    ...leakWeaknesses(settings.leaks),
    ...contentWeaknesses(settings.content),
    ...modelTextWeaknesses(settings.text),
    ...transportWeaknesses(settings.transport),
    ...addressWeaknesses(settings.address),
  ];
}
