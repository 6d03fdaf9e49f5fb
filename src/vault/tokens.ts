// Access tokens: issued to agents and admins for the credential they prove, verified once and then remembered by hash.
import { hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Agent } from '../core/entities.ts';
import { type Id, type IdSource, newId } from '../core/ids.ts';
import {
  type AccessTokenClaims,
  createSigningKeyPair,
  type PublicJwk,
  signAccessToken,
  type SigningKeyPair,
  verifyAccessToken,
} from '../crypto/access-token.ts';
import { constantTimeEqual } from '../crypto/encoding.ts';
import { hashOpaqueToken, type OpaqueTokenKind, parseOpaqueToken } from '../crypto/opaque-token.ts';
import { type AdminRow, findAdmin, findAdminByName } from '../store/admins.ts';
import type { Queryable } from '../store/transaction.ts';
import type { Authority } from './authority.ts';
import type { Keyring } from './keyring.ts';
import { rowMacMatches } from './row-mac.ts';

export interface TokensDeps {
  readonly keyring: Keyring;
  readonly ids: IdSource;
  readonly authority: Authority;
  readonly db: Queryable;
  /** Issuer and audience at once: the public URL. */
  readonly issuer: string;
  readonly tokenSeconds: number;
}

export interface IssuedToken {
  readonly token: string;
  readonly id: Id<'tok'>;
  readonly expiresInSeconds: number;
  readonly expiresAt: Date;
}

const ADMIN_TOKEN_SECONDS = 900;
const MAX_REMEMBERED = 20_000;
const REFUSAL_REMEMBERED_MS = 10_000;

export class Tokens {
  readonly #deps: TokensDeps;
  readonly #signing: SigningKeyPair;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  /** By SHA-256 of the token: claims, or false for a token that will never be valid. */
  readonly #verified = new LRUCache<string, AccessTokenClaims | false>({ max: MAX_REMEMBERED });

  constructor(deps: TokensDeps) {
    this.#deps = deps;
    this.#signing = deps.keyring.systemKey('token-signing').use((seed) => createSigningKeyPair(seed));
    this.#keys = new Map([[this.#signing.kid, this.#signing.publicKey]]);
  }

  get issuer(): string {
    return this.#deps.issuer;
  }

  get publicKeys(): readonly PublicJwk[] {
    return [this.#signing.publicJwk];
  }

  issueForAgent(agent: Agent, scope: string | undefined): IssuedToken {
    const { tokenSeconds } = this.#deps;
    return this.#issue({ id: agent.id, generation: agent.generation, scope, seconds: tokenSeconds });
  }

  issueForAdmin(admin: AdminRow): IssuedToken {
    return this.#issue({
      id: admin.id,
      generation: admin.generation,
      scope: undefined,
      seconds: ADMIN_TOKEN_SECONDS,
    });
  }

  /** By what a token is remembered. */
  digest(token: string): string {
    return hash('sha256', token, 'base64');
  }

  /**
   * The claims, or undefined for anything but a token of ours that is valid now. `beforeVerifying` is called where the
   * answer is not known already, and may throw; `digest` is the token's.
   */
  verify(
    token: string,
    beforeVerifying?: () => void,
    digest = this.digest(token),
  ): AccessTokenClaims | undefined {
    const remembered = this.#verified.get(digest);
    const now = this.#deps.ids.clock.now();
    if (remembered === false) return undefined;
    if (remembered !== undefined) return remembered.exp * 1000 > now.getTime() ? remembered : undefined;
    beforeVerifying?.();
    const { issuer } = this.#deps;
    const claims = verifyAccessToken(token, { keys: this.#keys, issuer, audience: issuer, now });
    const isOurs = claims?.vault === this.#deps.authority.vaultId;
    if (claims === undefined || !isOurs) {
      // Not for ever: a token from a replica whose clock runs ahead becomes valid.
      this.#verified.set(digest, false, { ttl: REFUSAL_REMEMBERED_MS });
      return undefined;
    }
    this.#verified.set(digest, claims);
    return claims;
  }

  /** Which of our opaque strings this is, by shape and checksum. */
  opaqueKind(text: string): OpaqueTokenKind | undefined {
    return parseOpaqueToken(text)?.kind;
  }

  /** Keyed hash of an agent key, an owner credential or a placeholder: all that is stored of it. */
  hash(opaque: string): Buffer {
    return this.#deps.keyring.systemKey('token-pepper').use((pepper) => hashOpaqueToken(pepper, opaque));
  }

  /** The agent whose name and key these are. Unknown, wrong and frozen take the same time and give the same answer. */
  authenticateAgent(name: string, key: string): Agent | undefined {
    const agent = this.#deps.authority.agentByName(name) ?? this.#deps.authority.agent(name);
    const isRight = constantTimeEqual(this.hash(key), agent?.keyHash ?? NO_HASH);
    const isWellFormed = parseOpaqueToken(key)?.kind === 'agent';
    return agent !== undefined && isRight && isWellFormed && !agent.frozen ? agent : undefined;
  }

  async authenticateOwner(name: string, credential: string): Promise<AdminRow | undefined> {
    const row = await findAdminByName(this.#deps.db, name);
    const isRight = constantTimeEqual(this.hash(credential), row?.credentialHash ?? NO_HASH);
    return row !== undefined && isRight && this.#isWhole(row) ? row : undefined;
  }

  /** The admin a token is for, if it is an admin's and still of this generation. */
  async admin(claims: AccessTokenClaims): Promise<AdminRow | undefined> {
    if (!claims.sub.startsWith('adm_')) return undefined;
    const row = await findAdmin(this.#deps.db, claims.sub as Id<'adm'>); // the claims' schema has checked its form
    return row !== undefined && row.generation === claims.gen && this.#isWhole(row) ? row : undefined;
  }

  #isWhole(row: AdminRow): boolean {
    const { id, name, credentialHash, generation, revision, mac } = row;
    const columns = { id, name, credentialHash, generation, revision };
    return rowMacMatches(this.#deps.keyring, 'admin', columns, mac);
  }

  #issue(subject: {
    id: Id<'agt'> | Id<'adm'>;
    generation: number;
    scope: string | undefined;
    seconds: number;
  }): IssuedToken {
    const { ids, issuer, authority } = this.#deps;
    const issuedAt = Math.floor(ids.clock.now().getTime() / 1000);
    const id = newId(ids, 'tok');
    const token = signAccessToken(this.#signing, {
      iss: issuer,
      aud: issuer,
      sub: subject.id,
      client_id: subject.id,
      jti: id,
      iat: issuedAt,
      nbf: issuedAt,
      exp: issuedAt + subject.seconds,
      ...(subject.scope === undefined ? {} : { scope: subject.scope }),
      vault: authority.vaultId,
      gen: subject.generation,
    });
    const expiresAt = new Date((issuedAt + subject.seconds) * 1000);
    return { token, id, expiresInSeconds: subject.seconds, expiresAt };
  }
}

const NO_HASH = Buffer.alloc(32);
