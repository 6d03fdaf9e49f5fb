// Which database, and how to reach it.
import { join } from 'node:path';

export type DatabaseOptions =
  | { readonly kind: 'embedded'; readonly dataDirectory: string }
  | {
      readonly kind: 'postgres';
      readonly url: string;
      /** A direct address for LISTEN where `url` leads to a pooler. */
      readonly listenUrl?: string;
      /** The owner of the tables; see migrate.ts. */
      readonly migrationUrl?: string;
      /** False behind a pooler in transaction mode. */
      readonly prepare?: boolean;
      /** Connections for calls; 8 unless told. */
      readonly maxCallConnections?: number;
    };

/** Where the embedded database keeps its files. */
export function embeddedDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'db');
}
