// Makes a placeholder in the look of its service's keys; what is stored of it is a keyed hash under a row MAC.
import { readEntry } from '../catalogue/catalogue.ts';
import type { CatalogueEntry } from '../catalogue/entry.ts';
import type { Id } from '../core/ids.ts';
import { newId } from '../core/ids.ts';
import { createPlaceholder } from '../core/placeholder.ts';
import { createOpaqueToken } from '../crypto/opaque-token.ts';
import type { PlaceholderRow, ServiceRow } from '../store/authority-rows.ts';
import { placeholderMacColumns } from '../vault/mac-columns.ts';
import { rowMac } from '../vault/row-mac.ts';
import type { Change } from './operation.ts';

interface Binding {
  readonly agentId: Id<'agt'>;
  readonly service: ServiceRow;
  readonly runId?: Id<'run'>;
  readonly expiresAt?: Date;
}

interface MintedPlaceholder {
  /** To be shown once. */
  readonly text: string;
  readonly row: PlaceholderRow;
}

export function mintPlaceholder(
  { deps, now, changedEpoch }: Pick<Change, 'deps' | 'now' | 'changedEpoch'>,
  { agentId, service, runId, expiresAt }: Binding,
): MintedPlaceholder {
  const { ids, keyring, tokens, vaultId } = deps;
  const shape = entryOf(service)?.placeholder;
  const text =
    shape === undefined
      ? createOpaqueToken('placeholder', ids.randomness)
      : createPlaceholder(shape, ids.randomness);
  const columns = {
    vaultId,
    id: newId(ids, 'plh'),
    agentId,
    serviceId: service.id,
    runId: runId ?? null,
    hash: tokens.hash(text),
    createdAt: now,
    expiresAt: expiresAt ?? null,
    removedAt: null,
  };
  const mac = rowMac(keyring, 'placeholder', placeholderMacColumns(columns));
  return { text, row: { ...columns, mac, changedEpoch } };
}

/** The catalogue entry a service was made from; undefined where it was made by hand, or the entry is no more. */
export function entryOf({ catalogueId }: Pick<ServiceRow, 'catalogueId'>): CatalogueEntry | undefined {
  return catalogueId === null ? undefined : readEntry(catalogueId);
}
