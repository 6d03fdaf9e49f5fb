// Whom a connection by TLS believes, and who it says it is: the settings of one service over those of the installation.
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { Problem } from '../core/problem.ts';

export interface TlsSettings {
  /** Certificates of authorities, PEM; null: those of the installation. */
  readonly ca: string | null;
  /** Whether they are believed alone, or beside those of the installation. */
  readonly caUse: 'only' | 'added';
  readonly minTls: '1.2' | '1.3';
  readonly clientCertificate?: ClientCertificate | undefined;
}

interface ClientCertificate {
  /** Of the secret, for messages. */
  readonly name: string;
  /** Lends certificate and private key, PEM, for as long as the context is made. */
  use<T>(make: (pem: Buffer) => T): T;
}

export const DEFAULT_TLS: TlsSettings = { ca: null, caUse: 'only', minTls: '1.2' };

/** Throws `secret-unavailable` for a client certificate that is none, `upstream-unreachable` for authorities that can not be read. */
export function secureContextOf(settings: TlsSettings, installationCa: readonly string[]): SecureContext {
  const { ca, caUse, minTls, clientCertificate } = settings;
  const own = installationCa.length === 0 ? undefined : [...rootCertificates, ...installationCa];
  const added = ca === null ? own : [...(own ?? rootCertificates), ca];
  const believed = ca !== null && caUse === 'only' ? [ca] : added;
  const options = {
    minVersion: minTls === '1.3' ? ('TLSv1.3' as const) : ('TLSv1.2' as const),
    ...(believed === undefined ? {} : { ca: believed }),
  };
  if (clientCertificate === undefined) return readable(() => createSecureContext(options), BAD_CA);
  return clientCertificate.use((pem) =>
    readable(() => createSecureContext({ ...options, cert: pem, key: pem }), {
      code: 'secret-unavailable',
      detail: `The secret ${clientCertificate.name} is no client certificate: it must hold the certificate and its private key, both PEM, the key without a passphrase.`,
    }),
  );
}

const BAD_CA = {
  code: 'upstream-unreachable',
  detail: 'The certificates of the authorities of this service can not be read.',
} as const;

/** What OpenSSL says may repeat what it read: only its code is kept. */
function readable(
  make: () => SecureContext,
  otherwise: { readonly code: 'secret-unavailable' | 'upstream-unreachable'; readonly detail: string },
): SecureContext {
  try {
    return make();
  } catch (error) {
    const internal = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
    throw new Problem(otherwise.code, { detail: otherwise.detail, internal });
  }
}
