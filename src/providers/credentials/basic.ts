// `Authorization: Basic …` (RFC 7617). The value is `user:password`; without a colon it is the user, with an empty password.
import type { Auth } from '../../core/service.ts';
import type { CredentialKind } from './kind.ts';

const COLON = 0x3a;

export const basic: CredentialKind<Extract<Auth, { kind: 'basic' }>> = {
  slots: () => ({ headers: ['authorization'], query: [] }),
  place: (value) => {
    const at = value.indexOf(COLON);
    const pair = at === -1 ? Buffer.concat([value, Buffer.from(':')]) : value;
    const encoded = pair.toString('base64');
    const password = at === -1 ? Buffer.alloc(0) : Buffer.from(value.subarray(at + 1));
    return {
      header: ['authorization', `Basic ${encoded}`],
      echoes: [Buffer.from(encoded, 'latin1'), ...(password.length === 0 ? [] : [password])],
    };
  },
  template: () => 'Basic base64({value})',
};
