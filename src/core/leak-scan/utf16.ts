// A value as UTF-16 text: the same bytes for little and big endian where all of it is ASCII or Latin-1, since only the zero at
// one end or the other differs, and that one is no part of the pattern.

/** Without the zero bytes at the ends. */
export function utf16Of(value: Uint8Array): readonly Buffer[] {
  const units = unitsOf(value);
  if (units.every((unit) => unit < 0x100)) return [interleaved(units)];
  const little = Buffer.alloc(units.length * 2);
  for (const [index, unit] of units.entries()) little.writeUInt16LE(unit, index * 2);
  return [little, Buffer.from(little).swap16()];
}

function interleaved(units: Uint32Array): Buffer {
  const bytes = Buffer.alloc(Math.max(0, units.length * 2 - 1));
  for (const [index, unit] of units.entries()) bytes[index * 2] = unit;
  return bytes;
}

/** Code units of a value that is UTF-8; bytes of any other, as Latin-1 reads them. */
function unitsOf(value: Uint8Array): Uint32Array {
  const units = new Uint32Array(value.length);
  let length = 0;
  for (let at = 0; at < value.length; ) {
    const size = sizeOf(value[at] ?? 0);
    if (size === 0 || at + size > value.length) return Uint32Array.from(value);
    let point = size === 1 ? (value[at] ?? 0) : (value[at] ?? 0) & (0x7f >> size);
    for (let index = 1; index < size; index++) {
      const trail = value[at + index] ?? 0;
      if ((trail & 0xc0) !== 0x80) return Uint32Array.from(value);
      point = (point << 6) | (trail & 0x3f);
    }
    if (point >= 0x1_0000) {
      units[length++] = 0xd800 + ((point - 0x1_0000) >> 10);
      units[length++] = 0xdc00 + ((point - 0x1_0000) & 0x3ff);
    } else {
      units[length++] = point;
    }
    at += size;
  }
  return units.subarray(0, length);
}

/** Bytes of the character that begins so; 0 where none does. */
function sizeOf(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc2) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
}
