// The forms a key can take on its way out, and the search for all of them.

/** What the demo vendor echoes: each form as text. @param {string} key */
export function echoForms(key) {
  const bytes = Buffer.from(key);
  return {
    raw: key,
    base64: bytes.toString('base64'),
    base64url: bytes.toString('base64url'),
    hex: bytes.toString('hex'),
    percent: percentEncoded(bytes),
    insideBase64: Buffer.from(`key=${key};`).toString('base64'),
  };
}

/**
 * Every form that is searched for, by name.
 * @param {string} key
 * @returns {ReadonlyMap<string, Buffer>}
 */
export function searchForms(key) {
  const bytes = Buffer.from(key);
  const forms = new Map([
    ['raw', key],
    ['reversed', Array.from(key).reverse().join('')],
    ['hex', bytes.toString('hex')],
    ['upper-case hex', bytes.toString('hex').toUpperCase()],
    ['percent', encodeURIComponent(key)],
    ['percent, every byte', percentEncoded(bytes)],
    ['JSON', JSON.stringify(key).slice(1, -1).replaceAll('/', '\\/')],
    [
      'JSON, every character',
      Array.from(key)
        .map((one) => `\\u00${hexOf(one)}`)
        .join(''),
    ],
    ['base64, reversed', Array.from(bytes.toString('base64')).reverse().join('')],
  ]);
  for (const shift of [0, 1, 2]) {
    const inner = base64Inside(bytes, shift);
    forms.set(`base64 at offset ${shift}`, inner);
    forms.set(`base64url at offset ${shift}`, inner.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return new Map([...forms].map(([name, text]) => [name, Buffer.from(text)]));
}

/**
 * Names of the forms found in `bytes`.
 * @param {ReadonlyMap<string, Buffer>} forms
 * @param {Buffer} bytes
 */
export function findForms(forms, bytes) {
  return [...forms].filter(([, form]) => bytes.includes(form)).map(([name]) => name);
}

/** Bytes of HTTP with the framing of chunks taken out, which could cut a key in two. @param {Buffer} bytes */
export function withoutFraming(bytes) {
  return Buffer.from(bytes.toString('latin1').replaceAll(/\r\n[0-9a-fA-F]+\r\n/g, ''), 'latin1');
}

/**
 * The characters of base64 text that depend on nothing but `bytes`, when these begin `shift` bytes into a group of three.
 * @param {Buffer} bytes
 * @param {number} shift
 */
function base64Inside(bytes, shift) {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const first = Math.ceil((shift * 8) / 6);
  const end = Math.floor(((shift + bytes.length) * 8) / 6);
  return text.slice(first, end);
}

/** @param {Buffer} bytes */
function percentEncoded(bytes) {
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
}

/** @param {string} character */
function hexOf(character) {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}
