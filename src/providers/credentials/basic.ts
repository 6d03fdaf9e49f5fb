// `Authorization: Basic …` (RFC 7617). The value is `user:password`; without a colon it is the user, with an empty password.
import type { Auth } from '../../core/service.ts';
import { type CredentialKind, MIN_ECHO_BYTES } from './kind.ts';

const COLON = 0x3a;

export const basic: CredentialKind<Extract<Auth, { kind: 'basic' }>> = {
  slots: () => ({ headers: ['authorization'], query: [] }),
  place: ({ value }) => {
    const at = value.indexOf(COLON);
    const pair = at === -1 ? Buffer.concat([value, Buffer.from(':')]) : value;
    const encoded = pair.toString('base64');
    const password = Buffer.from(value.subarray(at === -1 ? value.length : at + 1));
    // Where the password is none, the user is what must stay secret.
    const secret =
      password.length < MIN_ECHO_BYTES && at !== -1 ? Buffer.from(value.subarray(0, at)) : password;
    return {
      headers: [['authorization', `Basic ${encoded}`]],
      echoes: [Buffer.from(encoded, 'latin1'), ...(secret.length < MIN_ECHO_BYTES ? [] : [secret])],
    };
  },
  template: () => 'Basic base64({value})',
};
