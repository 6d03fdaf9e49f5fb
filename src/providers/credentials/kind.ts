// A credential kind: how a secret's value becomes authentication in a request.
import type { HeaderPairs } from '../../core/headers.ts';
import { Problem } from '../../core/problem.ts';
import { isSecretField } from '../../core/secret-fields.ts';
import type { Auth } from '../../core/service.ts';
import { fillTemplate } from '../../core/template.ts';

/** Where the credential goes, and every form of it that an upstream may send back. */
export interface Placement {
  readonly headers: HeaderPairs;
  readonly query?: readonly [name: string, value: string];
  /** Whole segments that stand before the path of the call. */
  readonly path?: string;
  /** Forms to look for in answers besides the value itself. */
  readonly echoes: readonly Buffer[];
}

/** Where a kind puts something: stripped from what the agent sent, and read as places for the agent's own token. */
export interface Slots {
  readonly headers: readonly string[];
  readonly query: readonly string[];
  /** The template of the segments before the path. */
  readonly path?: string;
}

/** What there is to place. The bytes are only valid during the call. */
export interface Placeable {
  readonly value: Buffer;
  /** A field beside the value; undefined where there is none of that name. */
  readonly field: (name: string) => Buffer | undefined;
}

export interface CredentialKind<A extends Auth = Auth> {
  slots(auth: A): Slots;
  /** Builds the credential. Throws `secret-unavailable` where the value does not have what the placement needs. */
  place(material: Placeable, auth: A): Placement;
  /** Template text that stands in the secret's binding. */
  template(auth: A): string;
}

/** A shorter part is a filler, as in `key:x`: looked for, it would redact half of every answer. */
export const MIN_ECHO_BYTES = 4;

/** The bytes that `{name}` in a template stands for. */
export function fieldOf(material: Placeable, name: string): Buffer {
  const found = name === 'value' ? material.value : material.field(name);
  if (found !== undefined && found.length > 0) return found;
  throw new Problem('secret-unavailable', {
    detail: `The service sends the field ${name} of its secret, and the value has no such field: it must be a JSON object with it. An administrator stores it anew (doorward secret rotate NAME) or changes the service (doorward service set NAME --auth …).`,
  });
}

/** As Latin-1 text: a header carries bytes (RFC 9110 §5.5). */
export function filled(template: string, material: Placeable): string {
  return fillTemplate(template, (name) => fieldOf(material, name).toString('latin1'));
}

/** The secret ones, each once; the value as a whole is looked for anyway. */
export function fieldEchoes(names: readonly string[], material: Placeable): readonly Buffer[] {
  return [...new Set(names)]
    .filter((name) => name !== 'value' && isSecretField(name))
    .map((name) => Buffer.from(fieldOf(material, name)))
    .filter(({ length }) => length >= MIN_ECHO_BYTES);
}
