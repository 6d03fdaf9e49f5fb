// Certificates of upstreams by TLS: one that is right, and those that must not be believed. Made by openssl.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate, ServerCertificates } from './target.ts';

export interface Authority {
  /** PEM. */
  readonly ca: string;
  readonly certificates: ServerCertificates;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const SETTINGS = [
  '[ca]',
  'default_ca = local',
  '[local]',
  'database = index.txt',
  'new_certs_dir = .',
  'certificate = ca.pem',
  'private_key = ca.key',
  'rand_serial = yes',
  'default_md = sha256',
  'policy = any',
  'copy_extensions = copy',
  'unique_subject = no',
  '[any]',
  'commonName = supplied',
];
const FROM = '20200101000000Z';
const TO = '20990101000000Z';
const LONG_AGO = '20210101000000Z';

export function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;
}

/** Writes its files to `folder`. */
export function createAuthority(folder: string): Authority {
  const openssl = (...words: readonly string[]) =>
    execFileSync('openssl', [...words], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const selfSigned = (name: string, subject: readonly string[]): Certificate => {
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      ...subject,
    );
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  };
  const { cert: ca } = selfSigned('ca', ['-subj', '/CN=Authority of the attacks']);
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(join(folder, 'ca.cnf'), SETTINGS.join('\n'));
  const issue = (name: string, alternative: string, to = TO): Certificate => {
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternative}`];
    openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject);
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`];
    openssl('ca', '-batch', '-config', 'ca.cnf', ...files, '-notext', '-startdate', FROM, '-enddate', to);
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  };
  const here = 'IP:127.0.0.1';
  return {
    ca,
    certificates: {
      right: issue('right', here),
      wrongName: issue('wrong-name', 'DNS:elsewhere.example,IP:127.0.0.2'),
      expired: issue('expired', here, LONG_AGO),
      selfSigned: selfSigned('self-signed', ['-subj', '/CN=self', '-addext', `subjectAltName=${here}`]),
    },
  };
}
