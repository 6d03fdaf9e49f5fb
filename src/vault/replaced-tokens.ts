// Access tokens that another one has taken the place of: good until their end, so that an answer must not hold them either.
// Kept in memory by the replica that had them open, a few of each secret, and wiped with their end.
import { LRUCache } from 'lru-cache';
import type { Id } from '../core/ids.ts';
import { SecretBytes } from '../crypto/secret-bytes.ts';
import type { MintedValue } from './credential-scan.ts';

const MAX_SECRETS = 10_000;
/** Of one secret; the oldest goes first. */
const MOST_KEPT = 4;

export class ReplacedTokens {
  readonly #kept = new LRUCache<Id<'sec'>, readonly MintedValue[]>({
    max: MAX_SECRETS,
    dispose: (tokens, _secret, why) => {
      if (why !== 'set') wipeAll(tokens);
    },
  });

  /** Keeps a copy of the token in use, and gives those that were in use before it. */
  before(secretId: Id<'sec'>, inUse: MintedValue, now: Date): readonly MintedValue[] {
    const known = this.#living(secretId, now);
    const others = known.filter(({ serial }) => serial !== inUse.serial);
    const isKept = others.length < known.length;
    const copy = () => inUse.token.use((bytes) => ({ ...inUse, token: SecretBytes.copyOf(bytes) }));
    const all = isKept ? known : [...known, copy()];
    const gone = all.slice(0, Math.max(0, all.length - MOST_KEPT - 1));
    wipeAll(gone);
    this.#kept.set(secretId, all.slice(gone.length));
    return others.filter((token) => !gone.includes(token));
  }

  /** Wipes those that have ended. */
  purge(now: Date): void {
    for (const secretId of Array.from(this.#kept.keys())) {
      const living = this.#living(secretId, now);
      if (living.length === 0) this.#kept.delete(secretId);
      else this.#kept.set(secretId, living);
    }
  }

  close(): void {
    this.#kept.clear();
  }

  #living(secretId: Id<'sec'>, now: Date): readonly MintedValue[] {
    const known = this.#kept.get(secretId) ?? [];
    const living = known.filter(({ expiresAt }) => expiresAt > now);
    wipeAll(known.filter((token) => !living.includes(token)));
    return living;
  }
}

function wipeAll(tokens: readonly MintedValue[]): void {
  for (const { token } of tokens) token.dispose();
}
