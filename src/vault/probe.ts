// A probe: one request with a version that is not in use yet, to learn whether the upstream takes it. Only the answer's
// status comes back; its bytes go nowhere. Who calls this has written the intent and writes the outcome.
import { z } from 'zod';
import { canonicalAddress } from '../core/address.ts';
import { idSchema } from '../core/ids.ts';
import type { Id } from '../core/ids.ts';
import type { HeaderPairs } from '../core/headers.ts';
import { Problem } from '../core/problem.ts';
import { protectionSettings } from '../core/protection/protection.ts';
import type { OutgoingRequest, Timeouts } from '../egress/flow.ts';
import type { Egress } from '../egress/send.ts';
import { credentialKind } from '../providers/credentials/registry.ts';
import type { ServiceRow } from '../store/authority-rows.ts';
import { findVersion } from '../store/secret-versions.ts';
import { findSecretById, liveVersions, type SecretVersionRow } from '../store/secrets.ts';
import type { TablesDatabase } from '../store/transaction.ts';
import type { Authority } from './authority.ts';
import { bindingHash } from './binding.ts';
import { type OpenedCertificate, openCertificate } from './client-certificate.ts';
import { genuineServicesOf } from './genuine-services.ts';
import type { Keyring } from './keyring.ts';
import type { Lease } from './lease.ts';
import { placeable } from './placeable.ts';
import { withCredential } from './placed.ts';
import { openValue } from './secret-values.ts';

/** As a rotation's row keeps it. */
export const ProbeRecord = z.strictObject({
  service: idSchema('svc'),
  name: z.string(),
  method: z.string(),
  /** Path and query below the service. */
  path: z.string(),
  /** Of the probe under way, until its outcome is written. */
  intent: idSchema('evt').optional(),
  status: z.number().int().optional(),
  /** See `probe-mac`. */
  mac: z.string().optional(),
});
export type ProbeRecord = z.output<typeof ProbeRecord>;

export interface ProbeDeps {
  readonly db: TablesDatabase;
  readonly vaultId: Id<'vlt'>;
  readonly keyring: Keyring;
  readonly authority: Authority;
  readonly lease: Lease;
  readonly egress: Pick<Egress, 'send'>;
}

export type ProbeResult =
  | { readonly result: 'answered'; readonly status: number }
  | { readonly result: 'failed'; readonly problem: Problem };

const PROBE_METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'];
const PROBE_TIMEOUTS: Partial<Timeouts> = { connectMs: 10_000, firstByteMs: 20_000, totalMs: 30_000 };
const HEADERS: HeaderPairs = [
  ['accept', '*/*'],
  ['user-agent', 'doorward'],
  ['accept-encoding', 'identity'],
];

/** What `GET /v1/models` asks for at one of the secret's services. Throws `invalid-input` saying what to give. */
export function planProbe(
  services: readonly Pick<ServiceRow, 'id' | 'name'>[],
  asked: { readonly probe: string; readonly service: string | undefined },
): ProbeRecord {
  const [method = '', target = '', ...rest] = asked.probe.trim().split(/\s+/);
  if (!PROBE_METHODS.includes(method) || !target.startsWith('/') || rest.length > 0) {
    throw invalid(
      `probe: a method (${PROBE_METHODS.join(', ')}) and a path below the service, such as GET /v1/models.`,
    );
  }
  const { path, search } = addressOf(target);
  const names = services.map(({ name }) => name).join(', ');
  const service =
    asked.service === undefined && services.length === 1
      ? services[0]
      : services.find(({ name }) => name === asked.service);
  if (service !== undefined) {
    return { service: service.id, name: service.name, method, path: path + search };
  }
  if (services.length === 0)
    throw invalid('probe: no service sends this secret yet, so it can not be tried.');
  throw invalid(
    asked.service === undefined
      ? `service: several services send this secret; name the one to probe: ${names}.`
      : `service: ${asked.service} does not send this secret. These do: ${names}.`,
  );
}

/** Sends the probe with that version. Throws what keeps it from being sent: `not-found`, `secret-unavailable`. */
export async function sendProbe(
  deps: ProbeDeps,
  version: { readonly secretId: Id<'sec'>; readonly number: number },
  probe: ProbeRecord,
): Promise<ProbeResult> {
  const read = await readProbed(deps, version, probe);
  const { authority, lease } = deps;
  if (!lease.isValid()) await lease.regain();
  const refusal = () => {
    if (!lease.isValid()) return new Problem('not-ready', { detail: 'Rights are not known at the moment.' });
    if (authority.frozen !== undefined) return new Problem('frozen', { detail: 'The vault is frozen.' });
    return undefined;
  };
  const bare = placed(deps, read, probe);
  const certificate = await openCertificate(
    { authority, keyring: deps.keyring, read: ({ id }) => liveVersions(deps.db, deps.vaultId, id) },
    { protection: protectionSettings(read.service.protection) },
  );
  try {
    return await ask(deps, { ...bare, ...tlsOf(read.service, certificate) }, refusal);
  } finally {
    certificate?.dispose();
  }
}

async function ask(
  deps: Pick<ProbeDeps, 'egress'>,
  outgoing: OutgoingRequest,
  refusal: () => Problem | undefined,
): Promise<ProbeResult> {
  return await new Promise<ProbeResult>((resolve) => {
    const flow = deps.egress.send(outgoing, {
      beforeFirstByte: refusal,
      onHead: ({ status }) => {
        resolve({ result: 'answered', status });
        flow.abort(new Problem('internal', { internal: 'the rest of a probe is not read' }));
      },
      onData: () => true,
      onEnd: () => undefined,
      onError: (problem) => resolve({ result: 'failed', problem }),
    });
  });
}

/** As calls to the service trust and are trusted. */
function tlsOf(
  { protection }: ServiceRow,
  clientCertificate: OpenedCertificate | undefined,
): Required<Pick<OutgoingRequest, 'tls'>> {
  const { ca, caUse, minTls } = protectionSettings(protection).transport;
  return { tls: { ca, caUse, minTls, clientCertificate } };
}

interface Probed {
  readonly version: SecretVersionRow;
  readonly service: ServiceRow;
  readonly services: readonly ServiceRow[];
  readonly credentialKind: string;
}

/** One snapshot: a service that comes or goes binds the version anew. */
async function readProbed(
  deps: ProbeDeps,
  { secretId, number }: { readonly secretId: Id<'sec'>; readonly number: number },
  probe: ProbeRecord,
): Promise<Probed> {
  const { db, vaultId } = deps;
  return await db.transaction(
    async (tx) => {
      const version = await findVersion(tx, { vaultId, secretId, number });
      const services = await genuineServicesOf(tx, deps, secretId);
      const secret = await findSecretById(tx, vaultId, secretId);
      const service = services.find(({ id }) => id === probe.service);
      if (service === undefined) {
        throw new Problem('not-found', {
          detail: `The service ${probe.name} does not send this secret any more.`,
        });
      }
      if (version === undefined || secret === undefined) {
        throw new Problem('secret-unavailable', { internal: 'the version to probe is gone' });
      }
      return { version, service, services, credentialKind: secret.credentialKind };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

function placed(
  { keyring, vaultId }: ProbeDeps,
  { version, service, services, credentialKind: kind }: Probed,
  probe: ProbeRecord,
): OutgoingRequest {
  const { dekRecord, valueRecord, secretId, number } = version;
  if (dekRecord === null || valueRecord === null) {
    throw new Problem('secret-unavailable', { internal: 'the version to probe has no value' });
  }
  const value = openValue(
    keyring,
    { ...version, dekRecord, valueRecord },
    { vaultId, secretId, number, credentialKind: kind, binding: bindingHash(services) },
  );
  const address = canonicalAddress(probe.path);
  const query = address.search === '' ? [] : [address.search.slice(1)];
  const bare = { basePath: service.basePath, address, query, headers: HEADERS };
  try {
    return value.use((bytes) => {
      const placement = credentialKind(service.auth).place(placeable(bytes), service.auth);
      return {
        origin: service.origin,
        poolKey: `${vaultId}:${service.id}:${service.revision}:probe`,
        method: probe.method,
        ...withCredential(bare, placement),
        body: undefined,
        timeouts: PROBE_TIMEOUTS,
      };
    });
  } finally {
    value.dispose();
  }
}

function addressOf(target: string) {
  try {
    return canonicalAddress(target);
  } catch (cause) {
    throw cause instanceof Problem ? invalid(`probe: ${cause.detail ?? cause.message}`) : cause;
  }
}

function invalid(detail: string): Problem {
  return new Problem('invalid-input', { detail });
}
