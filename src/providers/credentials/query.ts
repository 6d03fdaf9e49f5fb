// The value in a query parameter, percent-encoded.
import type { Auth } from '../../core/service.ts';
import type { CredentialKind } from './kind.ts';

export const query: CredentialKind<Extract<Auth, { kind: 'query' }>> = {
  slots: (auth) => ({ headers: [], query: [auth.name] }),
  place: (value, auth) => ({ query: [auth.name, percentEncode(value)], echoes: [] }),
  template: () => '{value}',
};

const UNRESERVED = /[A-Za-z0-9._~-]/;

function percentEncode(value: Buffer): string {
  let text = '';
  for (const byte of value) {
    const char = String.fromCharCode(byte);
    text += UNRESERVED.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
