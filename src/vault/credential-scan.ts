// What answers are looked through for: every echo of every live version of a secret. A static value is looked for as it is and
// as its placement writes it; of a value that is made of fields the secret ones, and the token it was exchanged for.
import { linesOf, secretPartsOf } from '../core/fingerprints/secret-parts.ts';
import type { Id } from '../core/ids.ts';
import { isGuessable } from '../core/leak-scan/guessable.ts';
import type { ScanTarget } from '../core/leak-scan/patterns.ts';
import { buildScanTable, type ScanTable } from '../core/leak-scan/scanner.ts';
import { isMintedKind, type MintedKind } from '../core/material.ts';
import { Problem } from '../core/problem.ts';
import type { Auth } from '../core/service.ts';
import { templateFields } from '../core/template.ts';
import type { SecretBytes } from '../crypto/secret-bytes.ts';
import { credentialKind } from '../providers/credentials/registry.ts';
import { MATERIALS } from '../providers/materials/registry.ts';
import type { VersionRecord } from '../store/secrets.ts';
import { placeable } from './placeable.ts';

/** An access token in memory, with the version it was made with. */
export interface MintedValue {
  readonly token: SecretBytes;
  readonly versionId: Id<'ver'>;
  /** Changes with each token. */
  readonly serial: string;
  readonly expiresAt: Date;
}

interface Scanned {
  /** Of the material. */
  readonly kind: string;
  readonly auth: Auth;
  readonly records: readonly Pick<VersionRecord, 'id'>[];
  readonly values: ReadonlyMap<string, SecretBytes>;
  readonly minted: MintedValue | undefined;
  /** Tokens that were in use before it and have not ended. */
  readonly replaced: readonly MintedValue[];
  /** What else must not come back; wiped here. */
  readonly others: readonly ScanTarget[];
}

/** Shorter fields would be found in ordinary text. */
const MIN_FIELD_BYTES = 8;
/** The last line of a key may be shorter, and is left out then. */
const MIN_LINE_BYTES = 24;
const BRACE = 0x7b;
const PEM_BEGIN = '-----BEGIN ';

export function buildScan({ kind, auth, records, values, minted, replaced, others }: Scanned): ScanTable {
  const targets: ScanTarget[] = [...others];
  for (const { id } of records) {
    values.get(id)?.use((bytes) => {
      if (isMintedKind(kind)) targets.push(...fieldTargets(kind, id, bytes));
      else targets.push(...placedTargets(id, auth, { value: bytes, fields: bytes }));
    });
  }
  for (const { token, versionId } of minted === undefined ? replaced : [minted, ...replaced]) {
    token.use((value) => {
      const made = values.get(versionId);
      if (made === undefined) targets.push(targetOf(versionId, Buffer.from(value), true));
      else made.use((fields) => targets.push(...placedTargets(versionId, auth, { value, fields })));
    });
  }
  const table = buildScanTable(targets);
  for (const target of targets) target.value.fill(0);
  return table;
}

/** A value that is sent, and every form its placement gives it. */
function placedTargets(
  id: Id<'ver'>,
  auth: Auth,
  { value: bytes, fields }: { readonly value: Buffer; readonly fields: Buffer },
): readonly ScanTarget[] {
  // Of a value that is sent by its fields only, the public ones are fragments that everybody may know.
  const sent = sentFields(auth);
  const isByFields = sent.length > 0 && !sent.includes('value');
  const parts = structuredParts(bytes);
  const echoes = echoesOf(auth, bytes, fields).map((echo) => targetOf(id, echo, isByFields));
  return [
    targetOf(id, Buffer.from(bytes), !isByFields && parts === undefined),
    ...(parts ?? []).map((part) => targetOf(id, part, true)),
    ...echoes,
  ];
}

function targetOf(id: string, value: Buffer, fragments: boolean): ScanTarget {
  return {
    id,
    value,
    publicPrefixLength: publicPrefixLength(value),
    fragments,
    isToken: isGuessable(value),
  };
}

/**
 * What is secret of a value that is made of parts: the secret fields of a JSON text, the lines of a key in PEM. Undefined for
 * any other value. As a whole such a value is looked for too, but not in fragments: most of them are nobody's secret.
 */
function structuredParts(bytes: Buffer): readonly Buffer[] | undefined {
  const isJson = bytes[0] === BRACE;
  if (!isJson && !bytes.includes(PEM_BEGIN)) return undefined;
  const parts = isJson ? secretPartsOf(bytes).slice(1) : linesOf(bytes.toString('latin1'));
  const least = isJson ? MIN_FIELD_BYTES : MIN_LINE_BYTES;
  return parts.filter(({ length }) => length >= least);
}

function sentFields(auth: Auth): readonly string[] {
  switch (auth.kind) {
    case 'bearer':
    case 'basic':
    case 'query':
      return [];
    case 'header':
    case 'path':
      return templateFields(auth.template ?? '');
    case 'headers':
      return auth.headers.flatMap(({ template }) => templateFields(template));
  }
}

/** None of a version that the placement can not use: it is not sent, and must not keep another one from it. */
function echoesOf(auth: Auth, value: Buffer, fields: Buffer): readonly Buffer[] {
  try {
    return credentialKind(auth).place(placeable(value, fields), auth).echoes;
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}

/** What is sent to a token endpoint and nowhere else: an upstream that knows it all the same does not get it through. */
function fieldTargets(kind: MintedKind, id: Id<'ver'>, bytes: Buffer): readonly ScanTarget[] {
  const material = MATERIALS[kind];
  const fields = material.parse(bytes);
  const whole = material.secretFields.flatMap((name) => {
    const content = fields[name];
    return typeof content === 'string' ? [Buffer.from(content)] : [];
  });
  const lines = material.echoes?.(fields);
  // A key that is looked for line by line has fragments enough.
  return [...whole, ...(lines ?? [])]
    .filter(({ length }) => length >= MIN_FIELD_BYTES)
    .map((value) => targetOf(id, value, lines === undefined));
}

/** A vendor's own prefix, such as `sk-proj-` or `ghp_`, is public: it alone is no echo. */
function publicPrefixLength(value: Buffer): number {
  const prefix = /^(?:[A-Za-z][A-Za-z0-9]{0,7}[-_]){1,3}/.exec(value.toString('latin1'))?.[0] ?? '';
  return prefix.length <= 12 && prefix.length * 2 <= value.length ? prefix.length : 0;
}
