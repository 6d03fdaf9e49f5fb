// Bytes in a path or a query (RFC 3986 §2.1).

/** Escapes every byte whose character `kept` does not match. */
export function percentEncode(value: Buffer, kept: RegExp): string {
  let text = '';
  for (const byte of value) {
    const char = String.fromCharCode(byte);
    text += kept.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
