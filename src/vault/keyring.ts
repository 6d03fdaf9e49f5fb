// The opened keys of this process: store key, system keys, and each vault's key encryption keys.
import type { Id } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import type { Randomness } from '../core/time.ts';
import { kekAad, systemKeyAad } from '../crypto/aad.ts';
import { openEnvelope, sealEnvelope } from '../crypto/envelope.ts';
import { SecretBytes } from '../crypto/secret-bytes.ts';

export const SYSTEM_KEY_PURPOSES = [
  'token-signing', // Ed25519 seed of access tokens
  'token-pepper', // HMAC key over agent keys, owner credentials and placeholders
  'row-mac', // HMAC key over rows that decide something
  'audit-mac', // HMAC key of audit chains
  'audit-head', // Ed25519 seed that signs the audit head file
  'field-hash', // HMAC key over audit fields that are not in clear
] as const;
export type SystemKeyPurpose = (typeof SYSTEM_KEY_PURPOSES)[number];

export interface SystemKeyRow {
  readonly id: Id<'key'>;
  readonly purpose: string;
  readonly generation: number;
  readonly record: Buffer;
}

export interface KekRow {
  readonly vaultId: Id<'vlt'>;
  readonly id: Id<'kek'>;
  readonly generation: number;
  readonly record: Buffer;
}

export class Keyring {
  readonly installation: Id<'ins'>;
  readonly #storeKey: SecretBytes;
  readonly #randomness: Randomness;
  readonly #systemKeys = new Map<string, SecretBytes>();
  readonly #keks = new Map<string, { row: KekRow; key: SecretBytes }>();
  #isOpen = true;

  constructor(installation: Id<'ins'>, storeKey: Buffer, randomness: Randomness) {
    this.installation = installation;
    this.#storeKey = SecretBytes.take(storeKey);
    this.#randomness = randomness;
  }

  /** A fresh system key, wrapped; it is not in use until its row is loaded. */
  createSystemKey(id: Id<'key'>, purpose: SystemKeyPurpose): SystemKeyRow {
    const aad = systemKeyAad({ installation: this.installation, purpose, key: id, generation: 1 });
    return { id, purpose, generation: 1, record: this.#wrap(aad) };
  }

  createKek(id: Id<'kek'>, vaultId: Id<'vlt'>): KekRow {
    const aad = kekAad({ installation: this.installation, vault: vaultId, kek: id, generation: 1 });
    return { vaultId, id, generation: 1, record: this.#wrap(aad) };
  }

  loadSystemKey(row: SystemKeyRow): void {
    const { purpose, id: key, generation } = row;
    const aad = systemKeyAad({ installation: this.installation, purpose, key, generation });
    this.#systemKeys.set(purpose, this.#unwrap(row.record, aad));
  }

  loadKek(row: KekRow): void {
    const aad = kekAad({
      installation: this.installation,
      vault: row.vaultId,
      kek: row.id,
      generation: row.generation,
    });
    this.#keks.set(row.id, { row, key: this.#unwrap(row.record, aad) });
  }

  /** The key for `purpose`. Missing is a broken installation, not a caller's mistake. */
  systemKey(purpose: SystemKeyPurpose): SecretBytes {
    const key = this.#systemKeys.get(purpose);
    if (key === undefined) throw new Problem('internal', { internal: `no system key for ${purpose}` });
    return key;
  }

  kek(id: Id<'kek'>): { readonly generation: number; readonly key: SecretBytes } {
    const found = this.#keks.get(id);
    if (found === undefined) throw new Problem('secret-unavailable', { internal: `unknown KEK ${id}` });
    return { generation: found.row.generation, key: found.key };
  }

  /** The newest KEK of a vault: what fresh DEKs are wrapped with. */
  newestKek(vaultId: Id<'vlt'>): KekRow {
    const rows = [...this.#keks.values()].map(({ row }) => row).filter((row) => row.vaultId === vaultId);
    const newest = rows.toSorted((a, b) => b.generation - a.generation)[0];
    if (newest === undefined) throw new Problem('internal', { internal: `vault ${vaultId} has no KEK` });
    return newest;
  }

  /** Lends the key that opens every other one: to wrap it for another root key, or to put it into a backup. */
  useStoreKey<T>(fn: (storeKey: Buffer) => T): T {
    return this.#storeKey.use(fn);
  }

  /** Whether the keys are in memory; without them the server is sealed. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  dispose(): void {
    this.#isOpen = false;
    this.#storeKey.dispose();
    for (const key of this.#systemKeys.values()) key.dispose();
    for (const { key } of this.#keks.values()) key.dispose();
  }

  #wrap(aad: Buffer): Buffer {
    const plaintext = this.#randomness.bytes(32);
    try {
      return this.#storeKey.use((key) =>
        sealEnvelope({
          keyRef: { kind: 'store', id: this.installation, generation: 1 },
          key,
          plaintext,
          aad,
          randomness: this.#randomness,
        }),
      );
    } finally {
      plaintext.fill(0);
    }
  }

  #unwrap(record: Buffer, aad: Buffer): SecretBytes {
    return this.#storeKey.use((key) => SecretBytes.take(openEnvelope(record, key, aad)));
  }
}
