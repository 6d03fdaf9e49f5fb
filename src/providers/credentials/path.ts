// A segment before the path of the call, such as Telegram's `/bot<token>`.
import { Problem } from '../../core/problem.ts';
import type { Auth } from '../../core/service.ts';
import { fillTemplate, templateFields } from '../../core/template.ts';
import { type CredentialKind, fieldEchoes, fieldOf } from './kind.ts';
import { percentEncode } from '../../core/percent-encode.ts';

/** RFC 3986 §3.3: what of a segment needs no escape; clients leave the colon of a bot's token as it is. */
const IN_SEGMENT = /[A-Za-z0-9._~:-]/;

export const path: CredentialKind<Extract<Auth, { kind: 'path' }>> = {
  slots: ({ template }) => ({ headers: [], query: [], path: template }),
  place: (material, { template }) => {
    const filled = fillTemplate(template, (name) => percentEncode(fieldOf(material, name), IN_SEGMENT));
    if (/\/\.+(?:\/|$)/.test(filled)) {
      throw new Problem('secret-unavailable', {
        detail:
          'The value of the secret would stand in the path as dots only, which leads elsewhere. An administrator stores the right one: doorward secret rotate NAME',
      });
    }
    return { headers: [], path: filled, echoes: fieldEchoes(templateFields(template), material) };
  },
  template: ({ template }) => template,
};
