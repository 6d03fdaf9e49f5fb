// A kind of material that is exchanged for access tokens: the request for one, and how its answer is read.
import type { HeaderPairs } from '../../core/headers.ts';

export interface MintRequest {
  readonly url: string;
  readonly headers: HeaderPairs;
  readonly body: Buffer;
}

export interface MintAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export interface Minted {
  readonly token: string;
  /** From now; undefined where the answer does not say. */
  readonly expiresInSeconds: number | undefined;
  /** The fields as they are from now on, where the answer changed them: a new refresh token. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Why there is no token. */
export interface Refused {
  /** `final`: the same request will be refused again. */
  readonly kind: 'passing' | 'final';
  /** For the audit log: of a list of ours, since an answer may hold anything. */
  readonly code: string;
  /** A sentence's middle: what the endpoint did. It holds nothing of the answer. */
  readonly reason: string;
  /** What an administrator does; `NAME` stands for the secret's name. */
  readonly advice?: string;
}

export interface Material {
  /** Fields whose content no upstream may send back. */
  readonly secretFields: readonly string[];
  /** What is looked for in answers beside the secret fields as they stand: lines of a key. */
  echoes?(fields: Readonly<Record<string, unknown>>): readonly Buffer[];
  /** The fields of a value. Throws `invalid-input`. */
  parse(value: Buffer): Readonly<Record<string, unknown>>;
  /** Throws `invalid-input` where the fields do not make one. */
  request(fields: Readonly<Record<string, unknown>>, now: Date): MintRequest;
  read(answer: MintAnswer, fields: Readonly<Record<string, unknown>>, now: Date): Minted | Refused;
}
