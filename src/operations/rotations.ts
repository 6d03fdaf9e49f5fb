// Rotating a secret, going back, and which secrets are due. The steps are in vault/rotation.ts.
import { addSeconds } from '../core/time.ts';
import {
  findOpenRotation,
  listDue,
  type DuePlace,
  type DueRow,
  type RotationRow,
} from '../store/rotations.ts';
import { findVersion, versionsInState } from '../store/secret-versions.ts';
import { servicesOfSecrets } from '../store/services.ts';
import { Problem } from '../core/problem.ts';
import { isId } from '../core/ids.ts';
import { isMintedKind } from '../core/material.ts';
import type { SecretRow } from '../store/secrets.ts';
import { checkedMaterial } from '../vault/material-value.ts';
import { planProbe } from '../vault/probe.ts';
import { type By, probeOf, underWay } from '../vault/rotation-step.ts';
import {
  type DueRecord,
  rotationDue,
  rotationPlan,
  type RotationRecord,
  secretRollback,
  secretRotate,
} from './contracts/rotations.ts';
import { acting, type Caller, type OperationDeps, reading } from './operation.ts';
import { openPage } from './paging.ts';
import { requireSecret, valueOf } from './secrets.ts';

export const rotateSecret = acting(secretRotate, async (deps, input, { caller, precondition }) => {
  const secret = await requireSecret(deps.database.admin, deps, input.name);
  const { probe, service, graceSeconds, version } = input;
  if (service !== undefined && probe === undefined) {
    throw new Problem('invalid-input', { detail: 'service: it says where to probe; give probe as well.' });
  }
  const given = [input.value, input.valueBase64, input.fields].some((one) => one !== undefined);
  if (version !== undefined && given) {
    throw new Problem('invalid-input', { detail: 'Give a new value or the number of a version, not both.' });
  }
  if (version === undefined && !given) {
    throw new Problem('invalid-input', {
      detail: 'Give a new value (value, valueBase64 or fields), or the number of a disabled version.',
    });
  }
  refuseProbeOfMinted(secret, probe);
  const value = version === undefined ? checkedMaterial(secret.credentialKind, valueOf(input)) : undefined;
  try {
    const row = await deps.rotations.rotate(
      {
        secret,
        check: (row) => precondition.require(row),
        to: value === undefined ? { version: version ?? 0 } : { value },
        graceSeconds,
        probe: probe === undefined ? undefined : { probe, service },
        startedBy: caller.principal.id,
      },
      byOf(caller),
    );
    return await toRecord(deps, row, secret.name);
  } finally {
    value?.dispose();
  }
});

export const rollBackSecret = acting(secretRollback, async (deps, { name }, { caller, precondition }) => {
  const secret = await requireSecret(deps.database.admin, deps, name);
  const check = (row: { readonly revision: number }) => precondition.require(row);
  const row = await deps.rotations.rollBack({ secret, check }, byOf(caller));
  return await toRecord(deps, row, secret.name);
});

export const planRotation = reading(rotationPlan, async (deps, input) => {
  const db = deps.database.admin;
  const secret = await requireSecret(db, deps, input.name);
  const open = await findOpenRotation(db, deps.vaultId, secret.id);
  if (open !== undefined && open.step !== 'promoted') throw underWay(secret.name);
  const services = await servicesOfSecrets(db, deps.vaultId, [secret.id]);
  const [current] = await versionsInState(db, deps.vaultId, { secretId: secret.id, state: 'current' });
  const [previous] = await versionsInState(db, deps.vaultId, { secretId: secret.id, state: 'previous' });
  const { probe, service, graceSeconds } = input;
  refuseProbeOfMinted(secret, probe);
  const planned = probe === undefined ? undefined : planProbe(services, { probe, service });
  return {
    secret: secret.name,
    fromVersion: current?.number ?? null,
    services: services.map(({ name }) => name),
    probe: planned === undefined ? null : probeRecord(planned),
    graceSeconds,
    endsGraceOf: previous?.number ?? null,
  };
});

export const listDueSecrets = reading(rotationDue, async (deps, input) => {
  const { after, limit, finish } = openPage(deps, rotationDue, input);
  const found = await listDue(deps.database.admin, deps.vaultId, {
    before: addSeconds(deps.ids.clock.now(), -input.olderThanSeconds),
    after: after === undefined ? undefined : parsePlace(after),
    limit,
  });
  const { rows, nextCursor } = finish(found, placeText);
  return { items: rows.map(toDueRecord), nextCursor };
});

/** What is sent is a token, and asking for one may spend the value: so the first call tries it. */
function refuseProbeOfMinted({ name, credentialKind }: SecretRow, probe: string | undefined): void {
  if (probe === undefined || !isMintedKind(credentialKind)) return;
  throw new Problem('invalid-input', {
    detail: `probe: ${name} (${credentialKind}) is exchanged for access tokens, so no request can try it before it is current. Leave the probe out: until a token comes, calls go on with the one there is.`,
  });
}

function byOf({ principal, request, client }: Caller): By {
  return { principal, request, ...(client === undefined ? {} : { client }) };
}

async function toRecord(deps: OperationDeps, row: RotationRow, name: string): Promise<RotationRecord> {
  const { vaultId, secretId, fromVersion, toVersion, step, graceSeconds } = row;
  const from =
    fromVersion === null
      ? undefined
      : await findVersion(deps.database.admin, { vaultId, secretId, number: fromVersion });
  const probe = probeOf(row);
  return {
    id: row.id,
    secret: name,
    fromVersion,
    toVersion,
    step,
    probe: probe === undefined ? null : probeRecord(probe),
    graceSeconds,
    graceUntil: from?.graceUntil?.toISOString() ?? null,
    startedAt: row.startedAt.toISOString(),
    promotedAt: row.promotedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}

function probeRecord({ name, method, path, status }: NonNullable<ReturnType<typeof probeOf>>) {
  return { service: name, method, path, status: status ?? null };
}

function toDueRecord({ secretId: id, name, version, createdAt, rotation }: DueRow): DueRecord {
  return {
    id,
    name,
    currentVersion: version,
    since: createdAt?.toISOString() ?? null,
    rotation:
      rotation === null
        ? null
        : {
            id: rotation.id,
            step: rotation.step,
            toVersion: rotation.toVersion,
            startedAt: rotation.startedAt.toISOString(),
          },
  };
}

function placeText({ createdAt, secretId }: DueRow): string {
  return `${createdAt?.getTime() ?? ''}.${secretId}`;
}

/** The place comes from `placeText` alone: a cursor is ours to read. */
function parsePlace(text: string): DuePlace {
  const [time = '', secretId = ''] = text.split('.', 2);
  if (!isId('sec', secretId)) throw new Problem('internal', { internal: 'a cursor without a place' });
  return { createdAt: time === '' ? null : new Date(Number(time)), secretId };
}
