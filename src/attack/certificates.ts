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

interface Leaf {
  /** As openssl writes alternative names, such as `IP:127.0.0.1`. */
  readonly names: string;
  /** As openssl writes moments, such as `20200101000000Z`. */
  readonly from?: string;
  readonly to?: string;
}

/** An authority, and certificates of servers that it signs. Writes its files to `folder`. */
export function openAuthority(folder: string): {
  readonly ca: string;
  readonly issue: (leaf: Leaf) => Certificate;
} {
  const openssl = opensslIn(folder);
  const { cert: ca } = selfSigned(folder, 'ca', ['-subj', '/CN=Authority of tests and attacks']);
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(join(folder, 'ca.cnf'), SETTINGS.join('\n'));
  let count = 0;
  return {
    ca,
    issue({ names, from = FROM, to = TO }) {
      count += 1;
      const name = `leaf${count}`;
      const subject = ['-subj', `/CN=leaf ${count}`, '-addext', `subjectAltName=${names}`];
      openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject);
      const files = ['-in', `${name}.csr`, '-out', `${name}.pem`];
      openssl('ca', '-batch', '-config', 'ca.cnf', ...files, '-notext', '-startdate', from, '-enddate', to);
      return pairOf(folder, name);
    },
  };
}

/** The certificates of one upstream, right and wrong. */
export function createAuthority(folder: string): Authority {
  const { ca, issue } = openAuthority(folder);
  const here = 'IP:127.0.0.1';
  const self = ['-subj', '/CN=self', '-addext', `subjectAltName=${here}`];
  return {
    ca,
    certificates: {
      right: issue({ names: here }),
      wrongName: issue({ names: 'DNS:elsewhere.example,IP:127.0.0.2' }),
      expired: issue({ names: here, to: LONG_AGO }),
      selfSigned: selfSigned(folder, 'self-signed', self),
    },
  };
}

function selfSigned(folder: string, name: string, subject: readonly string[]): Certificate {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  opensslIn(folder)('req', '-x509', ...NEW_KEY, ...files, '-days', '2', ...subject);
  return pairOf(folder, name);
}

function opensslIn(folder: string) {
  return (...words: readonly string[]) =>
    execFileSync('openssl', [...words], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

function pairOf(folder: string, name: string): Certificate {
  const read = (ending: string) => readFileSync(join(folder, `${name}.${ending}`), 'utf8');
  return { key: read('key'), cert: read('pem') };
}
