// The credential kinds by name: one line each.
import type { Auth } from '../../core/service.ts';
import { basic } from './basic.ts';
import { bearer } from './bearer.ts';
import { header } from './header.ts';
import { headers } from './headers.ts';
import type { CredentialKind } from './kind.ts';
import { path } from './path.ts';
import { query } from './query.ts';

const CREDENTIAL_KINDS: { readonly [K in Auth['kind']]: CredentialKind<Extract<Auth, { kind: K }>> } = {
  bearer,
  basic,
  header,
  query,
  path,
  headers,
};

/** The kind of `auth`. The table pairs each name with the kind of that very name, which the index type can not say. */
export function credentialKind(auth: Auth): CredentialKind {
  return CREDENTIAL_KINDS[auth.kind];
}
