// What a request may not carry is found in every form and chunking, before its first byte goes on; nothing else is held.
import * as fc from '../../support/properties.ts';
import { describe, expect, it } from 'vitest';
import { bytewise, lookThrough, ownerAt, tableOf } from './fingerprint-world.ts';

const KEY = 'sk-proj-9vT2mQ8xLr4KpZ7wYc1NbJ5dHs3FgA6e';
const BASE64_KEY = 'q83v+EiA/9x7Zk1mPw==wT5+r/2bVx8Q';
const JWT =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
const VALUES = [KEY, BASE64_KEY, JWT, 'x7Kp2qLm', 'hunter2!x'];

function percentAll(text: string): string {
  return Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

function jsonAll(text: string): string {
  return Array.from(text, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
}

const base64 = (text: string, before: string) => Buffer.from(`${before}${text}tail`).toString('base64');
/** Letters that stand before the value's own, with the value written so. */
const LEAD: Readonly<Record<string, number>> = {
  'in base64 one byte on': 2,
  'in base64 two bytes on': 3,
  'in base64url': 8,
  'in percent-encoded base64': 12,
  'in a JSON string': 1,
};
const FORMS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'in hex': (text) => Buffer.from(text).toString('hex'),
  'in upper-case hex': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  'in base64': (text) => base64(text, ''),
  'in base64 one byte on': (text) => base64(text, '{'),
  'in base64 two bytes on': (text) => base64(text, '{"'),
  'in base64url': (text) => Buffer.from(`{"a":"${text}"}`).toString('base64url'),
  'percent-encoded': (text) => encodeURIComponent(text),
  'with every letter percent-encoded': percentAll,
  'with every letter a JSON escape': jsonAll,
  'in percent-encoded base64': (text) => encodeURIComponent(base64(text, '??>>')),
  'in a JSON string': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
};

describe('stored values', () => {
  for (const [name, write] of Object.entries(FORMS)) {
    it(`are found ${name}, whole or byte by byte, before their first byte goes on`, () => {
      const table = tableOf(VALUES);
      for (const [index, value] of [KEY, BASE64_KEY, JWT, 'x7Kp2qLm'].entries()) {
        const before = 'POST body with text, {"note":"';
        const body = Buffer.from(`${before}${write(value)}","more":1}\n`);
        for (const pieces of [[body], bytewise(body)]) {
          const { hit, sent } = lookThrough({ table, needles: [] }, pieces);
          expect(hit).toEqual({ owner: ownerAt(index) });
          expect(sent.length).toBeLessThanOrEqual(before.length + (LEAD[name] ?? 0));
        }
      }
    });
  }

  it('are found in any chunking', () => {
    const table = tableOf(VALUES);
    const forms = Object.values(FORMS);
    fc.assert(
      fc.property(
        fc.nat(forms.length - 1),
        fc.constantFrom(KEY, BASE64_KEY, JWT),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        fc.string(),
        (form, value, sizes, noise) => {
          const body = Buffer.from(`${noise} ${forms[form]?.(value) ?? ''} ${noise}`);
          const pieces: Buffer[] = [];
          for (let at = 0, turn = 0; at < body.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            pieces.push(body.subarray(at, at + size));
            at += size;
          }
          expect(lookThrough({ table, needles: [] }, pieces).hit).toBeDefined();
        },
      ),
      { numRuns: 2000, seed: 5 },
    );
  });

  it('are not found any more once they are gone', () => {
    const table = tableOf(VALUES);
    table.delete(ownerAt(0).versionId);
    expect(lookThrough({ table, needles: [] }, [Buffer.from(KEY)]).hit).toBeUndefined();
    expect(lookThrough({ table, needles: [] }, [Buffer.from(JWT)]).hit).toBeDefined();
  });

  it('of few letters or bytes are found as a whole token, or not at all', () => {
    const table = tableOf(['hunter2!x', 'administrator', 'admin', '12345678', 'correct horse battery']);
    const isFound = (text: string) =>
      lookThrough({ table, needles: [] }, bytewise(Buffer.from(text))).hit !== undefined;
    expect(isFound('{"password":"hunter2!x"}')).toBe(true);
    expect(isFound('q=correct+horse+battery&x=1')).toBe(true);
    expect(isFound('correct%20horse%20battery')).toBe(true);
    expect(isFound('incorrect horse battery')).toBe(false);
    expect(isFound('{"role":"administrator","user":"admin"}')).toBe(false);
    expect(isFound('{"id":912345678}')).toBe(false);
  });

  it('of which several are alike are told by the decoy', () => {
    const table = tableOf([KEY], [KEY]);
    expect(lookThrough({ table, needles: [] }, [Buffer.from(KEY)]).hit).toEqual({ owner: ownerAt(1, true) });
  });
});

describe('of a structured value', () => {
  const keyFile = JSON.stringify({
    type: 'service_account',
    project_id: 'my-project-123456',
    private_key_id: '8f3c2a1b9d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a',
    private_key:
      '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\n-----END PRIVATE KEY-----\n',
    client_email: 'robot@my-project-123456.iam.gserviceaccount.com',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
    universe_domain: 'googleapis.com',
  });
  const table = tableOf([
    keyFile,
    JSON.stringify({
      access_key_id: 'AKIAIOSFODNN7EXAMPLE',
      secret_access_key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    }),
  ]);
  const hitOf = (text: string) => lookThrough({ table, needles: [] }, [Buffer.from(text)]).hit;

  it('the secret fields are found, line by line', () => {
    expect(
      hitOf('{"k":"MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu\\n"}'),
    ).toBeDefined();
    expect(hitOf('x-note: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')).toBeDefined();
  });

  it('names and addresses pass', () => {
    for (const text of [
      'https://oauth2.googleapis.com/token',
      'googleapis.com service_account my-project-123456',
      'robot@my-project-123456.iam.gserviceaccount.com',
      'X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20300101',
    ]) {
      expect(hitOf(text)).toBeUndefined();
    }
  });
});

describe('what is held back', () => {
  it('is nothing of text that holds no beginning of a value', () => {
    const parts = { table: tableOf([KEY, JWT]), needles: [] };
    for (const line of ['{"model":"gpt","n":1}\n', 'data: hello\n', '--boundary\r\n']) {
      expect(lookThrough(parts, [Buffer.from(line)]).sent.toString()).toBe(line);
    }
  });

  it('comes in the end, unchanged', () => {
    const parts = {
      table: tableOf(VALUES),
      needles: [{ label: 'own-token', bytes: Buffer.from('dw_run_abc') }],
    };
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), (chunks) => {
        const pieces = chunks.map((chunk) => Buffer.from(chunk));
        const { hit, sent } = lookThrough(parts, pieces);
        expect(hit).toBeUndefined();
        expect(sent.equals(Buffer.concat(pieces))).toBe(true);
      }),
      { numRuns: 1000, seed: 6 },
    );
    const nearly = `${KEY.slice(0, -1)}_ ${KEY.slice(1)} %73k-pro \\u0073k-`;
    expect(lookThrough(parts, bytewise(Buffer.from(nearly))).sent.toString()).toBe(nearly);
  });

  it('is whatever may be the beginning of a token that stands in memory', () => {
    const parts = {
      table: tableOf([]),
      needles: [{ label: 'own-token', bytes: Buffer.from('dw_run_abc123') }],
    };
    const found = lookThrough(parts, bytewise(Buffer.from('a=dw_run_abc124&b=dw_run_abc123')));
    expect(found).toEqual({ hit: { label: 'own-token' }, sent: Buffer.from('a=dw_run_abc124&b=') });
  });
});
