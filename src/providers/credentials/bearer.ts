// `Authorization: Bearer <value>` (RFC 6750 §2.1).
import type { Auth } from '../../core/service.ts';
import type { CredentialKind } from './kind.ts';

export const bearer: CredentialKind<Extract<Auth, { kind: 'bearer' }>> = {
  slots: () => ({ headers: ['authorization'], query: [] }),
  place: ({ value }) => ({
    headers: [['authorization', `Bearer ${value.toString('latin1')}`]],
    echoes: [],
  }),
  template: () => 'Bearer {value}',
};
