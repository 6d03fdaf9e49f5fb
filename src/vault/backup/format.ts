// What stands in a backup once it is decrypted: lines of JSON. Rows are objects, everything else is an array. Normative:
//   header                       what follows, told before it is known how much there is
//   ["store-key", hex]           only where the backup was made with keys
//   ["table", name] row…         once for each table of the header, in its order
//   ["manifest", manifest]       the header once more, with rows and SHA-256 over the lines of each table
import { z } from 'zod';
import { canonicalJson, parseCanonicalJson } from '../../core/canonical-json.ts';
import { idSchema } from '../../core/ids.ts';
import { sha256 } from '../../crypto/encoding.ts';
import type { CopiedTable } from '../../store/table-copy.ts';

export const FORMAT = 1;
/** A row holds a value of 64 KiB at most; nothing comes near this. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

const TableHeader = z.strictObject({
  name: z.string().regex(/^[a-z_]{1,63}$/),
  columns: z.array(z.string().regex(/^[a-z_]{1,63}$/)).max(100),
});
const headerMembers = {
  doorward: z.literal('backup'),
  format: z.literal(FORMAT),
  /** Doorward's. */
  version: z.string().max(64),
  installation: idSchema('ins'),
  createdAt: z.iso.datetime(),
  /** Birth of the newest migration. */
  schema: z.string().regex(/^\d{1,15}$/),
  keys: z.boolean(),
};

export const Header = z.strictObject({ ...headerMembers, tables: z.array(TableHeader).max(100) });
export type Header = Readonly<z.output<typeof Header>>;

export const Manifest = z.strictObject({
  ...headerMembers,
  tables: z
    .array(
      TableHeader.extend({
        rows: z.number().int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(100),
});
export type Manifest = Readonly<z.output<typeof Manifest>>;

export function tableHeader({ name, columns }: CopiedTable) {
  return { name, columns: columns.map((column) => column.name) };
}

/** Of the whole backup: the manifest holds the digest of every table. Hex. */
export function digestOf(manifest: Manifest): string {
  return sha256(Buffer.from(canonicalJson(manifest))).toString('hex');
}

export function controlLine(kind: 'store-key' | 'table' | 'manifest', content: string | Manifest): string {
  return canonicalJson([kind, content]);
}

/** A line that is no row, or undefined where it is nothing that this format knows. */
export function parseControlLine(
  line: string,
): { readonly kind: string; readonly content: unknown } | undefined {
  try {
    const parsed = parseCanonicalJson(line);
    if (!Array.isArray(parsed) || parsed.length !== 2 || typeof parsed[0] !== 'string') return undefined;
    return { kind: parsed[0], content: parsed[1] as unknown };
  } catch {
    return undefined;
  }
}
