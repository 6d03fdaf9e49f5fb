// Audit events against vectors made apart from the code: texts, leaf hashes and MACs of the valid ones, a reason for
// each that is refused.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AuditEvent, parseAuditEvent } from '../../src/core/audit-event.ts';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import type { JsonValue } from '../../src/core/canonical-json.ts';
import { MacKey } from '../../src/crypto/mac-key.ts';
import { bodyHash, chainMac, genesisMac, leafHash } from '../../src/vault/audit/chain.ts';

interface Vectors {
  readonly macKey: string;
  readonly chain: string;
  readonly genesisMac: string;
  readonly valid: readonly {
    readonly name: string;
    readonly seq: number;
    readonly event: Record<string, JsonValue>;
    readonly canonical: string;
    readonly salt: string;
    readonly bodyHash: string;
    readonly leafHash: string;
    readonly mac: string;
  }[];
  readonly invalid: readonly { readonly reason: string; readonly text: string }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('vectors/audit-event.json', import.meta.url), 'utf8'),
);
const macKey = new MacKey(Buffer.from(vectors.macKey, 'hex'));

describe('valid events', () => {
  test.each(vectors.valid)('$name', ({ event, canonical, seq, salt, bodyHash: body, leafHash: leaf }) => {
    expect(canonicalJson(event)).toBe(canonical);
    const parsed = parseAuditEvent(canonical);
    expect(parsed).toEqual(event);
    const { id, kind, vault, at } = parsed;
    const isOutcome = parsed.kind === 'call.outcome' || parsed.kind === 'secret.minted';
    const intent = isOutcome ? parsed.intent : null;
    const columns = { id, kind, intent, vault, chain: vectors.chain, seq, at };
    expect(bodyHash(Buffer.from(salt, 'hex'), canonical)).toBe(body);
    expect(leafHash(columns, body)).toBe(leaf);
  });

  test('form one chain', () => {
    let previous = genesisMac(macKey, vectors.chain);
    expect(previous).toBe(vectors.genesisMac);
    for (const { seq, leafHash: leaf, mac } of vectors.valid) {
      previous = chainMac(macKey, previous, { chain: vectors.chain, seq }, leaf);
      expect(previous).toBe(mac);
    }
  });

  test.each(['longer', 'shorter'])('have other hashes where one that goes into them is %s', (length) => {
    const changed = (hex: string) => (length === 'longer' ? `${hex}00` : hex.slice(0, -2));
    const [first] = vectors.valid;
    if (first === undefined) throw new Error('there are no vectors');
    const { chain, genesisMac: previous } = vectors;
    const { id, kind, vault, at } = parseAuditEvent(first.canonical);
    const { seq, bodyHash: body, leafHash: leaf, mac } = first;
    const columns = { id, kind, intent: null, vault, chain, seq, at };
    expect(leafHash(columns, body)).toBe(leaf);
    expect(leafHash(columns, changed(body))).not.toBe(leaf);
    expect(chainMac(macKey, previous, { chain, seq }, leaf)).toBe(mac);
    expect(chainMac(macKey, changed(previous), { chain, seq }, leaf)).not.toBe(mac);
    expect(chainMac(macKey, previous, { chain, seq }, changed(leaf))).not.toBe(mac);
  });

  test('show every shape of event', () => {
    const shown = new Set(vectors.valid.map(({ event }) => event['kind']));
    for (const { shape } of AuditEvent.options) {
      const kinds: string[] = 'options' in shape.kind ? shape.kind.options : [...shape.kind.values];
      expect(kinds.some((kind) => shown.has(kind))).toBe(true);
    }
  });
});

describe('invalid events', () => {
  test.each(vectors.invalid)('$reason', ({ text }) => {
    expect(() => parseAuditEvent(text)).toThrow();
  });

  test('there are enough of them, and none twice', () => {
    expect(new Set(vectors.invalid.map(({ text }) => text)).size).toBe(vectors.invalid.length);
    expect(vectors.invalid.length).toBeGreaterThanOrEqual(40);
  });
});
