// Several headers, each with a template of its own: vendors that want a key and an application key, or who one is beside it.
import type { Auth } from '../../core/service.ts';
import { templateFields } from '../../core/template.ts';
import { type CredentialKind, fieldEchoes, filled } from './kind.ts';

export const headers: CredentialKind<Extract<Auth, { kind: 'headers' }>> = {
  slots: (auth) => ({ headers: auth.headers.map(({ name }) => name), query: [] }),
  place: (material, auth) => ({
    headers: auth.headers.map(({ name, template }) => [name, filled(template, material)] as const),
    echoes: fieldEchoes(
      auth.headers.flatMap(({ template }) => templateFields(template)),
      material,
    ),
  }),
  template: (auth) => JSON.stringify(auth.headers.map(({ name, template }) => [name, template])),
};
