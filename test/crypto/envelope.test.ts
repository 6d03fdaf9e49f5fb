// The stored record: vectors, every byte flipped, every length cut, keys and rows mixed up.
import { inspect } from 'node:util';
import * as fc from '../support/properties.ts';
import { describe, expect, it } from 'vitest';
import type { Id } from '../../src/core/ids.ts';
import {
  EnvelopeError,
  envelopeFromText,
  envelopeToText,
  openEnvelope,
  readKeyRef,
  sealEnvelope,
} from '../../src/crypto/envelope.ts';
import type { KeyRef } from '../../src/crypto/envelope.ts';
import { scriptedRandomness, seededRandomness } from './fixed-randomness.ts';
import { fromHex, readVectors } from './read-vectors.ts';

interface EnvelopeCase {
  readonly name: string;
  readonly suite: 1 | 2;
  readonly keyRef: KeyRef;
  readonly key: string;
  readonly salt: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly record: string;
  readonly text: string;
}

const VECTORS = readVectors<EnvelopeCase>('envelope').cases.map((vector) => ({
  ...vector,
  key: fromHex(vector.key),
  aad: fromHex(vector.aad),
  plaintext: fromHex(vector.plaintext),
  record: fromHex(vector.record),
}));
const DEK: Id<'dek'> = 'dek_01jxy00000e8g8g8g8g8g8g8g8';
const KEY = Buffer.alloc(32, 1);
const AAD = Buffer.from('the row');
const KEY_REF: KeyRef = { kind: 'dek', id: DEK, generation: 1 };
const KEY_REF_AT = 4;
const COMMITMENT_AT = 81; // in suite 1

function seal(plaintext: Uint8Array, suite: 1 | 2 = 1): Buffer {
  const randomness = seededRandomness(`envelope ${suite}`);
  return sealEnvelope({ suite, keyRef: KEY_REF, key: KEY, plaintext, aad: AAD, randomness });
}

function opens(record: Uint8Array, key: Uint8Array = KEY, aad: Uint8Array = AAD, keyRef?: KeyRef): boolean {
  try {
    openEnvelope(record, key, aad, { keyRef });
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(EnvelopeError);
    return false;
  }
}

describe.each(VECTORS)('$name', (vector) => {
  it('is sealed into the record of its vector', () => {
    const randomness = scriptedRandomness(fromHex(vector.salt), fromHex(vector.nonce));
    expect(sealEnvelope({ ...vector, randomness }).toString('hex')).toBe(vector.record.toString('hex'));
  });

  it('opens again, names its key and has one text form', () => {
    const { record, key, aad, keyRef } = vector;
    expect(openEnvelope(record, key, aad, { keyRef }).equals(vector.plaintext)).toBe(true);
    expect(readKeyRef(record)).toEqual(keyRef);
    expect(envelopeToText(record)).toBe(vector.text);
    expect(envelopeFromText(vector.text).equals(record)).toBe(true);
  });

  it('does not open with any bit of any byte flipped', () => {
    const { record, key, aad } = vector;
    for (let at = 0; at < record.length; at += 1) {
      for (const mask of [1 << (at % 8), 0xff]) {
        const flipped = Buffer.from(record);
        flipped.writeUInt8(flipped.readUInt8(at) ^ mask, at);
        expect(opens(flipped, key, aad), `byte ${at}, mask ${mask}`).toBe(false);
      }
    }
  });

  it('does not open cut short anywhere, nor with bytes before or behind', () => {
    const { record, key, aad } = vector;
    for (let length = 0; length < record.length; length += 1) {
      expect(opens(record.subarray(0, length), key, aad), `${length} bytes`).toBe(false);
    }
    expect(opens(Buffer.concat([record, Buffer.alloc(1)]), key, aad)).toBe(false);
    expect(opens(Buffer.concat([Buffer.alloc(1), record]), key, aad)).toBe(false);
    expect(opens(Buffer.concat([record, record]), key, aad)).toBe(false);
  });
});

describe('a record', () => {
  it('opens to what was sealed, whatever that is, in both suites', () => {
    const suites = fc.constantFrom<1 | 2>(1, 2);
    fc.assert(
      fc.property(suites, fc.uint8Array({ maxLength: 500 }), (suite, plaintext) => {
        expect(openEnvelope(seal(plaintext, suite), KEY, AAD).equals(plaintext)).toBe(true);
      }),
    );
  });

  it('takes suite 1 unless told otherwise', () => {
    const randomness = seededRandomness('suite');
    const record = sealEnvelope({ keyRef: KEY_REF, key: KEY, plaintext: AAD, aad: AAD, randomness });
    expect(record.subarray(0, 4).toString('hex')).toBe('44570101');
  });

  it.each([1, 2] as const)('of suite %d opens for no other key and no other context', (suite) => {
    const record = seal(Buffer.from('value'), suite);
    expect(opens(record)).toBe(true);
    expect(opens(record, Buffer.alloc(32, 2))).toBe(false);
    expect(opens(record, KEY, Buffer.from('another row'))).toBe(false);
    expect(opens(record, KEY, Buffer.alloc(0))).toBe(false);
    expect(opens(record, Buffer.alloc(16, 1))).toBe(false);
    expect(opens(record, Buffer.alloc(33, 1))).toBe(false);
  });

  it('is refused where the row names another key, even if the key given would open it', () => {
    const record = seal(Buffer.from('value'));
    expect(opens(record, KEY, AAD, KEY_REF)).toBe(true);
    expect(opens(record, KEY, AAD, { ...KEY_REF, generation: 2 })).toBe(false);
    expect(opens(record, KEY, AAD, { ...KEY_REF, id: 'dek_01jxy00000e8g8g8g8g8g8g8g9' })).toBe(false);
    expect(
      opens(record, KEY, AAD, { kind: 'kek', id: 'kek_01jxy00000e8g8g8g8g8g8g8g8', generation: 1 }),
    ).toBe(false);
  });

  it('does not open with the key reference of another record', () => {
    const other = sealEnvelope({
      keyRef: { kind: 'kek', id: 'kek_01jxy00000e8g8g8g8g8g8g8g8', generation: 1 },
      key: KEY,
      plaintext: Buffer.from('value'),
      aad: AAD,
      randomness: seededRandomness('envelope 1'),
    });
    const mixed = Buffer.from(seal(Buffer.from('value')));
    other.copy(mixed, KEY_REF_AT, KEY_REF_AT, KEY_REF_AT + 21);
    expect(opens(other)).toBe(true);
    expect(opens(mixed)).toBe(false);
  });

  it('does not open as the other suite', () => {
    for (const suite of [1, 2] as const) {
      const record = seal(Buffer.alloc(100), suite);
      record.writeUInt8(3 - suite, 3);
      expect(opens(record)).toBe(false);
    }
  });

  it('is committed to its key: no two keys share a record, even one made to fit both tags', () => {
    const commitmentOf = (key: Buffer) => {
      const randomness = seededRandomness('commitment');
      const record = sealEnvelope({ keyRef: KEY_REF, key, plaintext: AAD, aad: AAD, randomness });
      return record.subarray(COMMITMENT_AT, COMMITMENT_AT + 32).toString('hex');
    };
    expect(commitmentOf(KEY)).toBe(commitmentOf(Buffer.alloc(32, 1)));
    expect(commitmentOf(KEY)).not.toBe(commitmentOf(Buffer.alloc(32, 2)));
  });

  it('says nothing about why it does not open', () => {
    const record = seal(Buffer.from('value'));
    const broken = [
      Buffer.alloc(0),
      Buffer.concat([Buffer.from('XX'), record.subarray(2)]),
      record.subarray(0, -1),
    ];
    const errors = [...broken.map((bytes) => errorOf(bytes, KEY)), errorOf(record, Buffer.alloc(32))];
    for (const error of errors) {
      expect(error).toBeInstanceOf(EnvelopeError);
      expect(error.message).toBe(errors[0]?.message);
      expect(error.cause).toBeUndefined();
      expect(Object.keys(error)).toEqual(['name']);
    }
    expect(inspect(errors[3])).not.toContain('value');
  });

  it('takes a fresh salt and nonce for each seal', () => {
    const randomness = seededRandomness('fresh');
    const input = { keyRef: KEY_REF, key: KEY, plaintext: AAD, aad: AAD, randomness };
    const [one, two] = [sealEnvelope(input), sealEnvelope(input)];
    expect(one.subarray(25, 57).equals(two.subarray(25, 57))).toBe(false);
    expect(one.subarray(57, 81).equals(two.subarray(57, 81))).toBe(false);
  });

  it.each([
    ['a key reference with an id of another kind', { keyRef: { ...KEY_REF, kind: 'kek' as const } }],
    ['a short key', { key: Buffer.alloc(31) }],
    ['randomness that falls short', { randomness: { bytes: () => Buffer.alloc(3) } }],
    ['a generation that is no u32', { keyRef: { ...KEY_REF, generation: -1 } }],
  ])('is not made from %s', (_form, change) => {
    const input = { keyRef: KEY_REF, key: KEY, plaintext: AAD, aad: AAD, randomness: seededRandomness('x') };
    expect(() => sealEnvelope({ ...input, ...change })).toThrow();
  });

  it('keeps no key reference for what is no record', () => {
    const record = seal(Buffer.from('value'));
    for (const at of [0, 1, 2, 3, KEY_REF_AT]) {
      const broken = Buffer.from(record);
      broken.writeUInt8(0xee, at);
      expect(() => readKeyRef(broken)).toThrow(EnvelopeError);
    }
    expect(() => readKeyRef(record.subarray(0, 60))).toThrow(EnvelopeError);
  });
});

describe('the text form', () => {
  const text = envelopeToText(seal(Buffer.from('value')));

  it.each([
    ['another prefix', text.replace('dw1.', 'dw2.')],
    ['no prefix', text.slice(4)],
    ['padding', `${text}=`],
    ['white space', `${text} `],
    ['a newline inside', `${text.slice(0, 20)}\n${text.slice(20)}`],
    ['the other alphabet', `dw1.+/${text.slice(6)}`],
    ['stray bits', 'dw1.RFd'],
  ])('is refused with %s', (_form, broken) => {
    expect(() => envelopeFromText(broken)).toThrow(EnvelopeError);
  });
});

function errorOf(record: Uint8Array, key: Uint8Array): Error {
  try {
    openEnvelope(record, key, AAD);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it opened');
}
