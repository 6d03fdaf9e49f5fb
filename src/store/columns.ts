// Column kinds that several tables share.
import { bigint, customType, timestamp } from 'drizzle-orm/pg-core';
import type { Id, IdPrefix } from '../core/ids.ts';

/** Raw bytes. */
export const bytea = customType<{ data: Buffer; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
});

/** Ids are compared and sorted byte by byte, whatever the database's locale. */
const bytewiseText = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** A typed id, as text. */
export const idColumn = <P extends IdPrefix>(name: string, _prefix: P) => bytewiseText(name).$type<Id<P>>();

/** A point in time, UTC, milliseconds. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' });

/** The vault's epoch in which a row last changed what decisions depend on. */
export const changedEpoch = () => bigint('changed_epoch', { mode: 'bigint' }).notNull();
