// Makes the fingerprints of values that were stored before there were any, or by a version that made them otherwise: some at
// a time, each time in one transaction, by whichever replica comes first. Goes on where it was left.
import type { Id, IdSource } from '../core/ids.ts';
import { putFingerprint, versionsWithoutFingerprint, type VersionToPrint } from '../store/fingerprints.ts';
import { servicesOfSecrets } from '../store/services.ts';
import type { TablesDatabase, Transaction } from '../store/transaction.ts';
import { lockVault, raiseEpoch } from '../store/vaults.ts';
import { bindingHash } from './binding.ts';
import { FINGERPRINT_FORMAT, fingerprintRow } from './fingerprints.ts';
import type { Keyring } from './keyring.ts';
import { openValue } from './secret-values.ts';

export interface OlderDeps {
  readonly db: TablesDatabase;
  readonly keyring: Keyring;
  readonly ids: IdSource;
  readonly vaultId: Id<'vlt'>;
}

const AT_ONCE = 50;

export class OlderFingerprints {
  readonly #deps: OlderDeps;
  /** What does not open is told when it is called with; here it must not stand in the way of others. */
  readonly #unopened = new Set<Id<'ver'>>();

  constructor(deps: OlderDeps) {
    this.#deps = deps;
  }

  /** All that are missing; how many were made. */
  async make(): Promise<number> {
    let made = 0;
    for (;;) {
      if ((await this.#missing(this.#deps.db)).length === 0) return made;
      made += await this.#deps.db.transaction((tx) => this.#makeSome(tx));
    }
  }

  async #makeSome(tx: Transaction): Promise<number> {
    const { vaultId } = this.#deps;
    await lockVault(tx, vaultId); // what they are bound to stays so, and no other replica makes the same ones
    const missing = await this.#missing(tx);
    if (missing.length === 0) return 0;
    const changedEpoch = await raiseEpoch(tx, vaultId);
    const services = await servicesOfSecrets(
      tx,
      vaultId,
      missing.map(({ version }) => version.secretId),
    );
    let made = 0;
    for (const found of missing) {
      const ofSecret = services.filter(({ secretId }) => secretId === found.version.secretId);
      const row = this.#rowOf(found, bindingHash(ofSecret), changedEpoch);
      if (row === undefined) continue;
      await putFingerprint(tx, row);
      made += 1;
    }
    return made;
  }

  #rowOf({ version, credentialKind, isDecoy }: VersionToPrint, binding: Buffer, changedEpoch: bigint) {
    const { keyring, vaultId } = this.#deps;
    const { id: versionId, secretId, number, dekRecord, valueRecord } = version;
    if (dekRecord === null || valueRecord === null) return undefined;
    try {
      const context = { vaultId, secretId, number, credentialKind, binding };
      const value = openValue(keyring, { ...version, dekRecord, valueRecord }, context);
      try {
        const printed = { vaultId, versionId, secretId, credentialKind, isDecoy, changedEpoch };
        return fingerprintRow(this.#deps, printed, value);
      } finally {
        value.dispose();
      }
    } catch {
      this.#unopened.add(versionId);
      return undefined;
    }
  }

  #missing(db: TablesDatabase | Transaction): Promise<VersionToPrint[]> {
    const wanted = { format: FINGERPRINT_FORMAT, except: [...this.#unopened], limit: AT_ONCE };
    return versionsWithoutFingerprint(db, this.#deps.vaultId, wanted);
  }
}
