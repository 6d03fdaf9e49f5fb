// The value in a query parameter, percent-encoded.
import type { Auth } from '../../core/service.ts';
import type { CredentialKind } from './kind.ts';
import { percentEncode } from '../../core/percent-encode.ts';

const UNRESERVED = /[A-Za-z0-9._~-]/;

export const query: CredentialKind<Extract<Auth, { kind: 'query' }>> = {
  slots: (auth) => ({ headers: [], query: [auth.name] }),
  place: ({ value }, auth) => ({
    headers: [],
    query: [auth.name, percentEncode(value, UNRESERVED)],
    echoes: [],
  }),
  template: () => '{value}',
};
