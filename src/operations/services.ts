// Services: added with their secret's binding, listed, shown, removed with their grants.
import { parsePattern } from '../core/address-pattern.ts';
import { printAuth } from '../core/auth-text.ts';
import { HOP_BY_HOP } from '../core/header-names.ts';
import { newId } from '../core/ids.ts';
import { parseListenAddress } from '../core/listen-address.ts';
import { Problem } from '../core/problem.ts';
import { type Protection, protectionSettings, weaknesses } from '../core/protection/protection.ts';
import { baseUrlText, parseBaseUrl } from '../core/service.ts';
import type { ServiceRow } from '../store/authority-rows.ts';
import { findSecretByName, type SecretRow, secretNames } from '../store/secrets.ts';
import { findServiceByName, insertService, listServices, servicesOfSecrets } from '../store/services.ts';
import type { Queryable, Transaction } from '../store/transaction.ts';
import { slotsOf } from '../vault/credential.ts';
import { writeService } from '../vault/changed-rows.ts';
import { requireGenuine, SERVICE } from '../vault/genuine-rows.ts';
import { genuineServicesOf } from '../vault/genuine-services.ts';
import { serviceMacColumns } from '../vault/mac-columns.ts';
import { removePlaceholdersOf } from '../vault/placeholders.ts';
import { rebindSecret } from '../vault/rebind.ts';
import { rowMac } from '../vault/row-mac.ts';
import { checkTransport } from './check-transport.ts';
import {
  serviceCreate,
  serviceList,
  type ServiceRecord,
  serviceRemove,
  serviceShow,
} from './contracts/services.ts';
import { changing, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';
import { changedProtection, requireAccepted } from './protection.ts';
import { removeGrantsOf } from './remove-grant.ts';
import { touchAgents } from './save-agent.ts';

/** Framing, addressing and what the leak guard relies on: a value there would break every call. */
const NOT_FOR_CREDENTIALS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'accept-encoding',
  'expect',
  'host',
]);
/** Public headers stand in the clear in listings and events: a credential must not come that way. */
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
]);
const BASE_URL_SUFFIX = /^(\/[A-Za-z0-9._~-]+)*$/;

export const createService = changing(serviceCreate, async ({ deps, tx, now, changedEpoch }, input) => {
  const { origin, basePath } = parseBaseUrl(input.baseUrl);
  checkPlacement(input);
  checkHeaders(input);
  requireAccepted({}, input.protection, input.acceptWeaker);
  await checkTransport(tx, deps, input.protection);
  const { vaultId } = deps;
  const secret = await requireSecretToSend(tx, deps, input.secret);
  refuseDecoySecret(secret, input.protection);
  const before = await genuineServicesOf(tx, deps, secret.id);
  const columns = {
    vaultId,
    id: newId(deps.ids, 'svc'),
    name: input.name,
    origin,
    basePath,
    auth: input.auth,
    secretId: secret.id,
    keyEnv: input.keyEnv ?? null,
    baseUrlEnv: input.baseUrlEnv ?? null,
    baseUrlSuffix: input.baseUrlSuffix,
    graceRetry: input.graceRetry,
    catalogueId: input.catalogueId ?? null,
    headers: input.headers,
    deny: checkGuards(input.deny),
    refusalShape: input.refusalShape ?? null,
    listen: input.listen ?? null,
    protection: changedProtection({}, input.protection),
    revision: 1,
    removedAt: null,
  };
  const mac = rowMac(deps.keyring, 'service', serviceMacColumns(columns));
  const row: ServiceRow = { ...columns, mac, changedEpoch, createdAt: now };
  await insertService(tx, row);
  await rebindSecret(deps, tx, { secret, before, after: [...before, row], changedEpoch });
  return {
    output: toRecord(deps, row, secret.name),
    told: () => toSettledRecord(deps, row, secret.name),
    target: { type: 'service', id: row.id, name: row.name },
    after: { baseUrl: baseUrlText(row), auth: authText(row), secret: secret.id, revision: 1 },
  };
});

export const listService = reading(serviceList, async (deps, input) => {
  const { after = '', limit, finish } = openPage(deps, serviceList, input);
  const found = await listServices(deps.database.admin, deps.vaultId, { after, limit });
  const { rows, nextCursor } = finish(found, ({ name }) => name);
  return { items: await toRecords(deps, rows), nextCursor };
});

export const showService = reading(serviceShow, async (deps, { name }) => {
  const [record] = await toRecords(deps, [await requireService(deps.database.admin, deps, name)]);
  if (record === undefined) throw notFound(name);
  return record;
});

export const removeService = changing(serviceRemove, async (change, { name }) => {
  const { deps, tx, now, changedEpoch } = change;
  const row = await requireServiceToStop(tx, deps, name);
  change.precondition.require(row);
  const ending = { keyring: deps.keyring, removedAt: now, changedEpoch };
  await removePlaceholdersOf(tx, { vaultId: deps.vaultId, serviceId: row.id }, ending);
  const agents = await removeGrantsOf(change, { serviceId: row.id });
  await touchAgents(change, agents);
  const grantsRemoved = agents.length;
  await writeService({ tx, keyring: deps.keyring, changedEpoch }, row, { removedAt: now });
  await rebindToRest(change, row, changedEpoch);
  return {
    output: { id: row.id, name, grantsRemoved },
    target: { type: 'service', id: row.id, name },
    before: { baseUrl: baseUrlText(row), auth: authText(row), revision: row.revision },
    after: { grantsRemoved },
  };
});

async function rebindToRest(
  { deps, tx }: Parameters<(typeof removeService)['change']>[0],
  row: ServiceRow,
  changedEpoch: bigint,
): Promise<void> {
  const names = await secretNames(tx, deps.vaultId, [row.secretId]);
  const secret = await findSecretByName(tx, deps.vaultId, names.get(row.secretId) ?? '');
  if (secret === undefined) return;
  const after = await servicesOfSecrets(tx, deps.vaultId, [row.secretId]);
  await rebindSecret(deps, tx, { secret, before: [...after, row], after, changedEpoch });
}

/** Throws `invalid-input` where a credential could not stand, or a client could not read on from. */
export function checkPlacement({
  auth,
  baseUrlSuffix,
  listen,
}: Pick<ServiceRow, 'auth' | 'baseUrlSuffix'> & { readonly listen?: string | null | undefined }): void {
  if (typeof listen === 'string') parseListenAddress(listen);
  if (!BASE_URL_SUFFIX.test(baseUrlSuffix)) {
    throw new Problem('invalid-input', {
      detail: 'baseUrlSuffix: a path such as /v1, without a slash at its end.',
    });
  }
  const taken = slotsOf({ auth }).headers.find((name) => NOT_FOR_CREDENTIALS.has(name.replaceAll('_', '-')));
  if (taken !== undefined) {
    throw new Problem('invalid-input', { detail: `auth: ${taken} is a header that Doorward writes itself.` });
  }
}

const MAX_HEADERS = 16;

/** Throws where a required header is one that Doorward writes itself or that could stand for a credential. */
export function checkHeaders({ headers }: Pick<ServiceRow, 'headers'>): void {
  const names = Object.keys(headers);
  const taken = names.find((name) => NOT_FOR_CREDENTIALS.has(name) || CREDENTIAL_HEADERS.has(name));
  if (taken === undefined && names.length <= MAX_HEADERS) return;
  const detail =
    taken === undefined
      ? `headers: at most ${MAX_HEADERS}.`
      : `headers: ${taken} is one that Doorward writes itself; a key belongs into a secret.`;
  throw new Problem('invalid-input', { detail });
}

/** Guard patterns in their canonical text. Throws `invalid-input`. */
export function checkGuards(deny: readonly string[]): string[] {
  return deny.map((text) => parsePattern(text).text);
}

/** The secret of that name, or a `not-found` problem that says how to make it. */
export async function requireSecretToSend(
  tx: Transaction,
  { vaultId }: OperationDeps,
  name: string,
): Promise<SecretRow> {
  const secret = await findSecretByName(tx, vaultId, name);
  if (secret !== undefined) return secret;
  throw new Problem('not-found', {
    detail: `There is no secret named ${name}. Store it first: doorward secret add ${name}`,
  });
}

/** What is a trap must not be sent, or every call would spring it: only a service that is one itself may name it. */
export function refuseDecoySecret({ isDecoy, name }: SecretRow, { decoy }: Protection): void {
  if (!isDecoy || decoy === true) return;
  throw new Problem('invalid-input', {
    detail: `The secret ${name} is a decoy, which no call ever sends. Name another one.`,
  });
}

/** The service of that name, or a `not-found` or `record-altered` problem. */
export async function requireService(db: Queryable, deps: OperationDeps, name: string): Promise<ServiceRow> {
  const row = await requireServiceToStop(db, deps, name);
  return requireGenuine(deps.keyring, SERVICE, { row, name: `The service ${name}` });
}

/** As it stands in the database, whoever wrote it. */
async function requireServiceToStop(db: Queryable, deps: OperationDeps, name: string): Promise<ServiceRow> {
  const row = await findServiceByName(db, deps.vaultId, name);
  if (row === undefined) throw notFound(name);
  return row;
}

function notFound(name: string): Problem {
  return new Problem('not-found', { detail: `There is no service named ${name}.` });
}

async function toRecords(deps: OperationDeps, rows: readonly ServiceRow[]): Promise<ServiceRecord[]> {
  const ids = rows.map((row) => row.secretId);
  const names = await secretNames(deps.database.admin, deps.vaultId, ids);
  return rows.map((row) => toRecord(deps, row, names.get(row.secretId) ?? ''));
}

/** Of a change: once it listens where it was told to, or has failed to. */
export async function toSettledRecord(
  deps: OperationDeps,
  row: ServiceRow,
  secretName: string,
): Promise<ServiceRecord> {
  await deps.addresses.settled();
  return toRecord(deps, row, secretName);
}

function toRecord({ addresses }: OperationDeps, row: ServiceRow, secretName: string): ServiceRecord {
  const { id, name, auth, keyEnv, baseUrlEnv, baseUrlSuffix, graceRetry, revision } = row;
  const { catalogueId, headers, deny, refusalShape, listen } = row;
  const address = addresses.addressOf(row) ?? null;
  const addressTrouble = addresses.troubleOf(row) ?? null;
  return {
    id,
    name,
    baseUrl: baseUrlText(row),
    auth,
    secret: secretName,
    keyEnv,
    baseUrlEnv,
    baseUrlSuffix,
    graceRetry,
    catalogueId,
    headers,
    deny: [...deny],
    refusalShape,
    listen,
    protection: row.protection,
    weaknesses: [...weaknesses(protectionSettings(row.protection))],
    address,
    addressTrouble,
    revision,
    createdAt: row.createdAt.toISOString(),
  };
}

export function authText({ auth }: Pick<ServiceRow, 'auth'>): string {
  return printAuth(auth);
}
