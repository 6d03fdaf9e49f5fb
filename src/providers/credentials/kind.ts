// A credential kind: how a secret's value becomes authentication in a request.
import type { Auth } from '../../core/service.ts';

/** Where the credential goes, and every form of it that an upstream may send back. */
export interface Placement {
  readonly header?: readonly [name: string, value: string];
  readonly query?: readonly [name: string, value: string];
  /** Forms to look for in answers besides the value itself. */
  readonly echoes: readonly Buffer[];
}

export interface CredentialKind<A extends Auth = Auth> {
  /** Header names and query parameters this kind fills: stripped from what the agent sent. */
  slots(auth: A): { readonly headers: readonly string[]; readonly query: readonly string[] };
  /** Builds the credential from the value. `value` is only valid during the call. */
  place(value: Buffer, auth: A): Placement;
  /** Template text that stands in the secret's binding. */
  template(auth: A): string;
}
