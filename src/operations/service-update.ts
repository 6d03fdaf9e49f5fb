// Changes a service in place. Where it sends, or how, is part of what its secret is sealed with: every live version of
// the secret is bound anew in the same transaction, and of both secrets where another one takes its place.
import { Problem } from '../core/problem.ts';
import { baseUrlText, parseBaseUrl } from '../core/service.ts';
import type { ServiceRow } from '../store/authority-rows.ts';
import { findSecretById, type SecretRow } from '../store/secrets.ts';
import { servicesOfSecrets } from '../store/services.ts';
import { writeService } from '../vault/changed-rows.ts';
import { rebindSecret } from '../vault/rebind.ts';
import { checkTransport } from './check-transport.ts';
import { serviceUpdate } from './contracts/services.ts';
import { type Change, changing } from './operation.ts';
import { changedProtection, protectionInLog, requireAccepted } from './protection.ts';
import {
  authText,
  checkGuards,
  checkHeaders,
  checkPlacement,
  refuseDecoySecret,
  requireSecretToSend,
  requireService,
  toSettledRecord,
} from './services.ts';

export const updateService = changing(serviceUpdate, async (change, { name, acceptWeaker, ...fields }) => {
  const { deps, tx, precondition, changedEpoch } = change;
  const before = await requireService(tx, deps, name);
  precondition.require(before);
  if (Object.values(fields).every((value) => value === undefined)) {
    throw new Problem('invalid-input', { detail: 'Name at least one field to change.' });
  }
  const { baseUrl, secret: secretName, protection: parts = {}, ...rest } = fields;
  const protection = changedProtection(before.protection, parts);
  requireAccepted(before.protection, protection, acceptWeaker);
  if (parts.transport !== undefined) await checkTransport(tx, deps, protection);
  const secretBefore = await findSecretById(tx, deps.vaultId, before.secretId);
  const secret = secretName === undefined ? secretBefore : await requireSecretToSend(tx, deps, secretName);
  if (secret === undefined) throw new Problem('internal', { internal: `${before.id} has no secret` });
  refuseDecoySecret(secret, protection);
  const columns = {
    ...before,
    ...given(rest),
    ...(baseUrl === undefined ? {} : parseBaseUrl(baseUrl)),
    ...(rest.deny === undefined ? {} : { deny: checkGuards(rest.deny) }),
    protection,
    secretId: secret.id,
  };
  checkPlacement(columns);
  checkHeaders(columns);
  const after = await writeService({ tx, keyring: deps.keyring, changedEpoch }, before, columns);
  const isBoundAlike = before.secretId === secret.id && destination(before) === destination(after);
  if (!isBoundAlike) {
    if (secretBefore !== undefined && secretBefore.id !== secret.id) {
      await rebind(change, { secret: secretBefore, before, after });
    }
    await rebind(change, { secret, before, after });
  }
  return {
    output: () => toSettledRecord(deps, after, secret.name),
    target: { type: 'service', id: after.id, name },
    before: shownInLog(before),
    after: shownInLog(after),
  };
});

/** Fields that were sent; `undefined` stands for one that was not. */
function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const sent = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(sent) as { [K in keyof T]: Exclude<T[K], undefined> }; // only what is there was kept
}

async function rebind(
  { deps, tx }: Change,
  { secret, before, after }: { secret: SecretRow; before: ServiceRow; after: ServiceRow },
): Promise<void> {
  const sending = await servicesOfSecrets(tx, deps.vaultId, [secret.id]);
  const others = sending.filter(({ id }) => id !== after.id);
  await rebindSecret(deps, tx, {
    secret,
    before: before.secretId === secret.id ? [...others, before] : others,
    after: sending,
    changedEpoch: after.changedEpoch,
  });
}

function destination({ origin, basePath, auth }: ServiceRow): string {
  return `${baseUrlText({ origin, basePath })} ${authText({ auth })}`;
}

function shownInLog(row: ServiceRow) {
  const { secretId: secret, keyEnv, baseUrlEnv, baseUrlSuffix, graceRetry, revision } = row;
  const sending = { baseUrl: baseUrlText(row), auth: authText(row), secret };
  const { catalogueId, deny, refusalShape, listen } = row;
  const headers = Object.entries(row.headers).map((pair) => pair.join(': '));
  const forClients = { keyEnv, baseUrlEnv, baseUrlSuffix, catalogueId, headers, deny, refusalShape, listen };
  const protection = protectionInLog(row.protection);
  return { ...sending, ...forClients, protection, graceRetry, revision };
}
