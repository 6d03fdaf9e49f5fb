// The further CA certificates for upstreams: Node takes a file it can not read for an empty one, and says nothing.
import { X509Certificate } from 'node:crypto';
import { type Check, fail, type Finding, pass, warn, withConfiguration } from './check.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const FIX = 'Put PEM certificates of the authorities into the file of DOORWARD_EGRESS_CA_FILE';

export const egressCertificates: Check = {
  name: 'egress-certificates',
  area: 'egress',
  run: withConfiguration(({ config }, { clock }) =>
    config.egressCa.flatMap((text) => judgeCertificates(text, clock.now())),
  ),
};

export function judgeCertificates(text: string, now: Date): readonly Finding[] {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) return [fail('The file of DOORWARD_EGRESS_CA_FILE holds no certificate', FIX)];
  const findings = blocks.flatMap((block, index) => judgeCertificate(block, index + 1, now));
  return findings.length > 0
    ? findings
    : [pass(`${blocks.length} further CA certificates are trusted for upstreams`)];
}

function judgeCertificate(block: string, number: number, now: Date): Finding[] {
  const certificate = parse(block);
  if (certificate === undefined)
    return [fail(`Certificate ${number} of DOORWARD_EGRESS_CA_FILE can not be read`, FIX)];
  const name = certificate.subject.replaceAll('\n', ', ');
  if (new Date(certificate.validTo) < now)
    return [fail(`The CA certificate of ${name} ended on ${certificate.validTo}`, FIX)];
  return certificate.ca ? [] : [warn(`The certificate of ${name} is not that of an authority`, FIX)];
}

function parse(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}
