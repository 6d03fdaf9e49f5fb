// The fingerprints of every live value of a vault, in memory: where a search looks up what it has read. Grows and shrinks
// row by row, as the vault does.
import type { Id } from '../ids.ts';
import { HashIndex } from './hash-index.ts';
import { type FormMac, macText, MIN_LONG_BYTES, parsePrints, type Print, STRIDE } from './print.ts';
import { shortHash, type Windows } from './window.ts';

/** Whose value it is. */
export interface Owner {
  readonly versionId: Id<'ver'>;
  readonly secretId: Id<'sec'>;
  readonly isDecoy: boolean;
}

interface Row {
  readonly owner: Owner;
  /** As its record holds it. */
  readonly packed: Buffer;
}

/** What a request is looked through by. */
class Indexes {
  /** Ends of forms → shapes, by eight bytes; of short ones by four. */
  readonly ends: HashIndex;
  readonly shortEnds: HashIndex;
  /** Beginnings of forms, by eight bytes → how many may belong to one; by four; by two and by one, a byte for each. */
  readonly starts8: HashIndex;
  readonly starts4: HashIndex;
  readonly starts2 = new Uint8Array(65_536);
  readonly #starts1 = new Uint8Array(65_536);
  readonly #windows: Windows;
  #firsts: Uint8Array | undefined;
  maxLength = 0;

  constructor(windows: Windows, { prints, short }: { readonly prints: number; readonly short: number }) {
    this.#windows = windows;
    this.ends = new HashIndex((prints - short) * STRIDE);
    this.shortEnds = new HashIndex(short * STRIDE);
    this.starts8 = new HashIndex(prints);
    this.starts4 = new HashIndex(prints);
  }

  add({ isBounded, length, start1, start2, start4, start8, ends }: Print): void {
    const index = length >= MIN_LONG_BYTES ? this.ends : this.shortEnds;
    for (const [skew, end] of ends.entries()) index.add(end, packShape({ length, isBounded, skew }));
    const needed = isBounded ? length + 1 : length; // what stands behind it counts too
    this.starts8.add(start8, needed);
    this.starts4.add(start4, 1);
    this.starts2[start2] = 1;
    this.#starts1[start1] = 1;
    this.#firsts = undefined;
    this.maxLength = Math.max(needed, this.maxLength);
  }

  /** Of every byte, whether a form may begin with it: what most looks end at. */
  get firsts(): Uint8Array {
    this.#firsts ??= Uint8Array.from(
      { length: 256 },
      (_, byte) => this.#starts1[shortHash(this.#windows, Buffer.of(byte), 0, 1)] ?? 0,
    );
    return this.#firsts;
  }

  get isFull(): boolean {
    return [this.ends, this.shortEnds, this.starts8, this.starts4].some((index) => index.isFull);
  }
}

export class FingerprintTable {
  readonly windows: Windows;
  readonly #formMac: FormMac;
  readonly #rows = new Map<string, Row>();
  readonly #owners = new Map<string, readonly Owner[]>();
  #indexes: Indexes | undefined;
  #decoys = 0;
  #revision = 0;
  /** Prints that are looked for, and those that still are in vain. */
  #prints = 0;
  #gone = 0;

  constructor(windows: Windows, formMac: FormMac) {
    this.windows = windows;
    this.#formMac = formMac;
  }

  /** Values that can be found. */
  get size(): number {
    return this.#rows.size;
  }

  /** Another one after each change of what can be found. */
  get revision(): number {
    return this.#revision;
  }

  /** False: none that is found is a decoy. */
  get hasDecoys(): boolean {
    return this.#decoys > 0;
  }

  get indexes(): Indexes {
    this.#indexes ??= this.#made();
    return this.#indexes;
  }

  /** `packed` as `packPrints` makes it. */
  set(owner: Owner, packed: Buffer): void {
    this.delete(owner.versionId);
    if (packed.length === 0) return;
    this.#revision += 1;
    this.#rows.set(owner.versionId, { owner, packed });
    if (owner.isDecoy) this.#decoys += 1;
    for (const print of parsePrints(packed)) {
      this.#prints += 1;
      this.#indexes?.add(print);
      if (this.#indexes?.isFull === true) this.#indexes = undefined;
      this.#owners.set(print.mac, [...(this.#owners.get(print.mac) ?? []), owner]);
    }
  }

  /** What only leads to a closer look stays until there is a reason to make everything anew. */
  delete(versionId: Id<'ver'>): void {
    const row = this.#rows.get(versionId);
    if (row === undefined) return;
    this.#revision += 1;
    this.#rows.delete(versionId);
    if (row.owner.isDecoy) this.#decoys -= 1;
    for (const { mac } of parsePrints(row.packed)) {
      this.#prints -= 1;
      this.#gone += 1;
      const left = (this.#owners.get(mac) ?? []).filter((owner) => owner.versionId !== versionId);
      if (left.length === 0) this.#owners.delete(mac);
      else this.#owners.set(mac, left);
    }
    if (this.#gone > this.#prints + MANY_GONE) this.#indexes = undefined;
  }

  /** Whose value a form is; a decoy before others. */
  ownerOf(form: Buffer): Owner | undefined {
    const owners = this.#owners.get(macText(this.#formMac(form)));
    return owners?.find(({ isDecoy }) => isDecoy) ?? owners?.[0];
  }

  #made(): Indexes {
    this.#gone = 0;
    const prints = [...this.#rows.values()].flatMap(({ packed }) => [...parsePrints(packed)]);
    const short = prints.filter(({ length }) => length < MIN_LONG_BYTES).length;
    const indexes = new Indexes(this.windows, {
      prints: Math.ceil(prints.length * ROOM_TO_GROW),
      short: Math.ceil(short * ROOM_TO_GROW),
    });
    for (const print of prints) indexes.add(print);
    return indexes;
  }
}

const MANY_GONE = 1000;
const ROOM_TO_GROW = 1.5;

/** A form that a look-up may have found the end of, `skew` bytes on. */
export interface Shape {
  readonly length: number;
  readonly isBounded: boolean;
  readonly skew: number;
}

function packShape({ length, isBounded, skew }: Shape): number {
  return (length << 3) | (skew << 1) | (isBounded ? 1 : 0);
}

export function parseShape(packed: number): Shape {
  return { length: packed >> 3, isBounded: (packed & 1) === 1, skew: (packed >> 1) & 3 };
}
