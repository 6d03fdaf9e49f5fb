// The addresses that were read of late on a connection. An agent calls few of them, over and over, and reading one costs
// several times what deciding it does.
import { type AddressOptIns, canonicalAddress, type CanonicalAddress, NO_OPT_INS } from './address.ts';

/** Longer ones are mostly called once. */
const MAX_LENGTH = 256;
const MAX_KEPT = 4;

interface Read {
  readonly raw: string;
  readonly optIns: AddressOptIns;
  readonly address: CanonicalAddress;
}

/** `canonicalAddress` with a memory: what it gives hangs on nothing but what it is asked. */
export class RecentAddresses {
  readonly #kept: Read[] = [];
  #next = 0;

  /** Throws `invalid-address`; what is refused is not kept. */
  read(raw: string, optIns: AddressOptIns = NO_OPT_INS): CanonicalAddress {
    if (raw.length > MAX_LENGTH) return canonicalAddress(raw, optIns);
    for (const one of this.#kept) if (one.raw === raw && isSame(one.optIns, optIns)) return one.address;
    const { encodedSlash, pathParameters } = optIns;
    const address = canonicalAddress(raw, optIns);
    this.#kept[this.#next] = { raw, optIns: { encodedSlash, pathParameters }, address };
    this.#next = (this.#next + 1) % MAX_KEPT;
    return address;
  }
}

function isSame(a: AddressOptIns, b: AddressOptIns): boolean {
  return a.encodedSlash === b.encodedSlash && a.pathParameters === b.pathParameters;
}
