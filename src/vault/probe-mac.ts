// The probe of a rotation is a request that Doorward makes of its own accord: what its row says counts only with a MAC, or
// whoever writes to the database could have any request made with a stored key.
import { constantTimeEqual } from '../crypto/encoding.ts';
import type { RotationRow } from '../store/rotations.ts';
import { keyedHash } from './keyed-hash.ts';
import type { Keyring } from './keyring.ts';
import type { ProbeRecord } from './probe.ts';

type Of = Pick<RotationRow, 'id' | 'secretId' | 'toVersion'>;

function macOf(keyring: Keyring, { id, secretId, toVersion }: Of, probe: ProbeRecord): string {
  const { service, method, path } = probe;
  const parts = ['rotation probe', id, secretId, toVersion, service, method, path] as const;
  return keyedHash(keyring, parts).toString('base64url');
}

export function withProbeMac(keyring: Keyring, of: Of, probe: ProbeRecord): ProbeRecord {
  return { ...probe, mac: macOf(keyring, of, probe) };
}

/** False for one that was begun before there were MACs, too: the rotation fails, and its value is kept. */
export function isGenuineProbe(keyring: Keyring, of: Of, probe: ProbeRecord): boolean {
  const given = Buffer.from(probe.mac ?? '');
  const expected = Buffer.from(macOf(keyring, of, probe));
  return given.length === expected.length && constantTimeEqual(given, expected);
}
