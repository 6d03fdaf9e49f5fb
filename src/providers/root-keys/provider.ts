// What holds the root key. A provider wraps and unwraps the store key and never gives its own key away.
import type { Id } from '../../core/ids.ts';

interface WrappedKey {
  /** What the provider needs besides its key to unwrap, such as scrypt parameters. Public. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly record: Buffer;
}

/** Binds a wrapped store key to its row: the slot's AAD is made from these. */
interface SlotContext {
  readonly installation: Id<'ins'>;
  readonly slot: Id<'slt'>;
}

export interface RootKeyProvider {
  readonly name: string;
  /** Which key of the provider this is; stands in the slot and in its AAD. */
  readonly keyId: string;
  wrap(storeKey: Buffer, context: SlotContext): Promise<WrappedKey>;
  /** The store key, or undefined when this provider's key does not open the slot. */
  unwrap(wrapped: WrappedKey, context: SlotContext): Promise<Buffer | undefined>;
}

export interface RootKeyOptions {
  readonly rootKeyFile: string;
  /** `isNew`: it is about to be chosen, not one that opens something. */
  readonly passphrase: ((isNew: boolean) => Promise<string>) | undefined;
  /** Make a new root key where there is none; only on an installation without data. */
  readonly mayCreate: boolean;
}
