// Records as the stand-in of a server answers them.
import type { ServiceRecord } from '../../src/operations/contracts/services.ts';

export const CREATED_AT = '2030-01-31T18:00:00.000Z';

/** A plain one that takes a bearer, sent the secret of its name. */
export function serviceRecord(name: string, fields: Partial<ServiceRecord> = {}): ServiceRecord {
  return {
    id: 'svc_01h455vb4pex5vsknk084sn02q',
    name,
    baseUrl: 'https://api.acme.dev',
    auth: { kind: 'bearer' },
    secret: name,
    keyEnv: null,
    baseUrlEnv: null,
    baseUrlSuffix: '',
    graceRetry: 'any',
    catalogueId: null,
    headers: {},
    deny: [],
    refusalShape: null,
    listen: null,
    protection: {},
    weaknesses: [],
    address: null,
    addressTrouble: null,
    revision: 1,
    createdAt: CREATED_AT,
    ...fields,
  };
}
