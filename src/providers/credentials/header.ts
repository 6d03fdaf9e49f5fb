// A header of the vendor's choosing, such as `x-api-key`: the value alone, or a template around it.
import type { Auth } from '../../core/service.ts';
import { templateFields } from '../../core/template.ts';
import { type CredentialKind, fieldEchoes, filled } from './kind.ts';

export const header: CredentialKind<Extract<Auth, { kind: 'header' }>> = {
  slots: (auth) => ({ headers: [auth.name], query: [] }),
  place: (material, { name, template = '{value}' }) => ({
    headers: [[name, filled(template, material)]],
    echoes: fieldEchoes(templateFields(template), material),
  }),
  template: ({ template = '{value}' }) => template,
};
