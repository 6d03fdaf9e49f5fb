// The value alone in a header of the vendor's choosing, such as `x-api-key`.
import type { Auth } from '../../core/service.ts';
import type { CredentialKind } from './kind.ts';

export const header: CredentialKind<Extract<Auth, { kind: 'header' }>> = {
  slots: (auth) => ({ headers: [auth.name], query: [] }),
  place: (value, auth) => ({ header: [auth.name, value.toString('latin1')], echoes: [] }),
  template: () => '{value}',
};
