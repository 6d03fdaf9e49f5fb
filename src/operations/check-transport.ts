// What a service says of its TLS, looked at when it is said: authorities that can be read, and a client certificate that is
// one. A call would find out too, but nobody would be there to correct it.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Problem } from '../core/problem.ts';
import { type Protection, protectionSettings } from '../core/protection/protection.ts';
import { findSecretByName, liveVersions } from '../store/secrets.ts';
import { servicesOfSecrets } from '../store/services.ts';
import type { Transaction } from '../store/transaction.ts';
import { bindingHash } from '../vault/binding.ts';
import { openValues } from '../vault/open-values.ts';
import type { OperationDeps } from './operation.ts';

const ONE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Throws `invalid-input`, or `not-found` for a secret that is not there. */
export async function checkTransport(
  tx: Transaction,
  deps: OperationDeps,
  protection: Protection,
): Promise<void> {
  const { ca, clientCertificate } = protectionSettings(protection).transport;
  for (const [at, pem] of [...(ca ?? '').matchAll(ONE)].entries()) {
    if (!isReadable(() => new X509Certificate(pem[0])))
      throw invalid(`transport.ca: certificate ${at + 1} can not be read.`);
  }
  if (clientCertificate !== null) await checkClientCertificate(tx, deps, clientCertificate);
}

async function checkClientCertificate(
  tx: Transaction,
  { vaultId, keyring }: OperationDeps,
  name: string,
): Promise<void> {
  const secret = await findSecretByName(tx, vaultId, name);
  if (secret === undefined) {
    throw new Problem('not-found', {
      detail: `There is no secret named ${name}. Store certificate and private key first, both PEM in one file: doorward secret add ${name} --from-file FILE`,
    });
  }
  const versions = await liveVersions(tx, vaultId, secret.id);
  const current = versions.filter(({ state }) => state === 'current');
  const binding = bindingHash(await servicesOfSecrets(tx, vaultId, [secret.id]));
  const { credentialKind } = secret;
  const values = openValues(keyring, current, { vaultId, secretId: secret.id, credentialKind, binding });
  try {
    const isOne = [...values.values()].every((value) =>
      value.use((pem) => isReadable(() => new X509Certificate(pem).checkPrivateKey(createPrivateKey(pem)))),
    );
    if (values.size > 0 && isOne) return;
  } finally {
    for (const value of values.values()) value.dispose();
  }
  throw invalid(
    `transport.clientCertificate: the secret ${name} does not hold a certificate and the private key that belongs to it, both PEM, the key without a passphrase.`,
  );
}

/** False where it throws or says so: what OpenSSL says of it may repeat what it read. */
function isReadable(read: () => unknown): boolean {
  try {
    return read() !== false;
  } catch {
    return false;
  }
}

function invalid(detail: string): Problem {
  return new Problem('invalid-input', { detail });
}
