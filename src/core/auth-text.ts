// Where a credential goes, as people type it (`--auth`) and as the audit log tells it: `bearer`, `header:NAME=TEMPLATE` and
// the like. What is printed can be typed again.
import { Problem } from './problem.ts';
import { Auth } from './service.ts';

/** For help and for refusals. */
export const AUTH_TEXTS =
  'bearer, basic, header:NAME, header:NAME=TEMPLATE, query:NAME, path:TEMPLATE or headers:NAME=TEMPLATE,NAME=TEMPLATE';

/** Throws `invalid-input` with the forms there are, or with what is wrong in the one that was meant. */
export function parseAuth(text: string): Auth {
  const [kind = ''] = text.split(':', 1);
  const rest = text.slice(kind.length + 1);
  const parsed = Auth.safeParse(draftOf(kind, text.includes(':') ? rest : undefined));
  if (parsed.success) return parsed.data;
  const isKnown = ['header', 'query', 'path', 'headers'].includes(kind) && rest !== '';
  const reason = parsed.error.issues[0]?.message ?? 'not valid';
  throw new Problem('invalid-input', {
    detail: isKnown
      ? `--auth ${kind}: ${reason}. For example: ${EXAMPLES[kind] ?? ''}`
      : `--auth is one of ${AUTH_TEXTS}; for example header:x-api-key.`,
  });
}

const EXAMPLES: Readonly<Record<string, string>> = {
  header: "header:x-api-key or 'header:authorization=Token {value}'",
  query: 'query:api_key',
  path: 'path:/bot{value}',
  headers: "'headers:dd-api-key={api_key},dd-application-key={app_key}'",
};

function draftOf(kind: string, rest: string | undefined): unknown {
  if (rest === undefined) return { kind };
  switch (kind) {
    case 'header': {
      const [name, template] = named(rest);
      return { kind, name, ...(template === undefined ? {} : { template }) };
    }
    case 'query':
      return { kind, name: rest };
    case 'path':
      return { kind, template: rest };
    case 'headers':
      // A comma that belongs to a template is not followed by a name and an equals sign.
      return {
        kind,
        headers: rest.split(/,(?=[A-Za-z0-9!#$%&'*+.^_`|~-]+=)/).map((part) => {
          const [name, template = '{value}'] = named(part);
          return { name, template };
        }),
      };
    default:
      return undefined;
  }
}

function named(text: string): readonly [name: string, template: string | undefined] {
  const at = text.indexOf('=');
  if (at === -1) return [text.trim().toLowerCase(), undefined];
  return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1)];
}

/** The text that `parseAuth` reads as the same placement. */
export function printAuth(auth: Auth): string {
  switch (auth.kind) {
    case 'bearer':
    case 'basic':
      return auth.kind;
    case 'header':
      return `header:${auth.name}${auth.template === undefined ? '' : `=${auth.template}`}`;
    case 'query':
      return `query:${auth.name}`;
    case 'path':
      return `path:${auth.template}`;
    case 'headers':
      return `headers:${auth.headers.map(({ name, template }) => `${name}=${template}`).join(',')}`;
  }
}
