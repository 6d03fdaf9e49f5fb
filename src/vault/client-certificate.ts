// The client certificate that a service shows to its upstream: a secret like any other, encrypted at rest, opened with the
// credential of a call and wiped with it. Its private key signs the handshake and is sent to nobody, so its binding need not
// name the service; the MAC over the service's row holds which secret it is.
import type { Secret, Service } from '../core/entities.ts';
import type { Id } from '../core/ids.ts';
import type { ScanTarget } from '../core/leak-scan/patterns.ts';
import { Problem } from '../core/problem.ts';
import type { SecretBytes } from '../crypto/secret-bytes.ts';
import type { VersionRecord } from '../store/secrets.ts';
import type { Authority } from './authority.ts';
import { bindingHash } from './binding.ts';
import type { Keyring } from './keyring.ts';
import { openValues } from './open-values.ts';

export interface OpenedCertificate {
  /** Of the secret. */
  readonly name: string;
  /** The version it was opened from: connections of another one are not its own. */
  readonly version: Id<'ver'>;
  /** Lends certificate and private key, PEM. */
  use<T>(make: (pem: Buffer) => T): T;
  /** The lines of the private keys of every live version, for the leak scan. The caller wipes them. */
  scanTargets(): ScanTarget[];
  dispose(): void;
}

interface CertificateDeps {
  readonly authority: Authority;
  readonly keyring: Keyring;
  readonly read: (secret: Secret) => Promise<readonly VersionRecord[]>;
}

/** The secret that the service names; undefined where it names none. */
export function certificateSecret(
  authority: Authority,
  { protection }: Pick<Service, 'protection'>,
): Secret | undefined {
  const { clientCertificate: name } = protection.transport;
  return name === null ? undefined : authority.secretByName(name);
}

/** Undefined where the service shows none. Throws `secret-unavailable` where it names one that is not to be had. */
export async function openCertificate(
  { authority, keyring, read }: CertificateDeps,
  service: Pick<Service, 'protection'>,
): Promise<OpenedCertificate | undefined> {
  const { clientCertificate: name } = service.protection.transport;
  if (name === null) return undefined;
  const secret = certificateSecret(authority, service);
  if (secret?.current === undefined) throw unavailable(name);
  const { id: secretId, credentialKind, current } = secret;
  const binding = bindingHash(authority.servicesOf(secretId));
  const { vaultId } = authority;
  const values = openValues(keyring, await read(secret), { vaultId, secretId, credentialKind, binding });
  const dispose = () => {
    for (const value of values.values()) value.dispose();
  };
  const value = values.get(current.id);
  if (value === undefined) {
    dispose();
    throw unavailable(name);
  }
  return {
    name,
    version: current.id,
    use: (make) => value.use(make),
    scanTargets: () => [...values].flatMap(([id, opened]) => keyTargets(id, opened)),
    dispose,
  };
}

function unavailable(name: string): Problem {
  return new Problem('secret-unavailable', {
    detail: `The client certificate of this service, the secret ${name}, has no current value. Store it (doorward secret add ${name} --from-file FILE), or name another: transport.clientCertificate.`,
  });
}

/** Shorter lines are the ends of keys, and found in ordinary text. */
const MIN_LINE_BYTES = 24;
const LF = 10;

/** An echo may break a key into lines as it likes, so each line is looked for. */
function keyTargets(id: string, value: SecretBytes): ScanTarget[] {
  return value.use((pem) => {
    const targets: ScanTarget[] = [];
    let isKey = false;
    for (let from = 0; from < pem.length; ) {
      const end = pem.indexOf(LF, from);
      const line = trimmed(pem.subarray(from, end === -1 ? pem.length : end));
      from = end === -1 ? pem.length : end + 1;
      if (line.subarray(0, 5).toString('latin1') === '-----')
        isKey = line.includes('PRIVATE KEY') && !line.includes('END ');
      else if (isKey && line.length >= MIN_LINE_BYTES) targets.push({ id, value: Buffer.from(line) });
    }
    return targets;
  });
}

function trimmed(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line;
}
