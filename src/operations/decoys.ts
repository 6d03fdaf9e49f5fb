// Decoys: values that look like a vendor's key, made to be planted where only a thief or a misled agent would find them. They
// are stored like any secret, sent by no call, and known by their fingerprint.
import { readEntry } from '../catalogue/catalogue.ts';
import { createPlaceholder, type PlaceholderShape } from '../core/placeholder.ts';
import { Problem } from '../core/problem.ts';
import { SecretBytes } from '../crypto/secret-bytes.ts';
import { decoyCreate } from './contracts/secrets.ts';
import { changing } from './operation.ts';
import { storeSecret } from './secrets.ts';

/** Where no vendor's look was asked for. */
const ORDINARY: PlaceholderShape = { prefix: 'sk_live_', alphabet: 'alphanumeric', length: 32 };

export const createDecoy = changing(decoyCreate, async (change, { name, like }) => {
  const text = createPlaceholder(shapeOf(like), change.deps.ids.randomness);
  const value = SecretBytes.take(Buffer.from(text));
  try {
    const bytes = value.length;
    const secret = await storeSecret(change, { name, kind: 'static', isDecoy: true }, value);
    return {
      output: { secret, value: text },
      target: { type: 'secret', id: secret.id, name },
      after: { version: 1, bytes, like: like ?? null },
    };
  } finally {
    value.dispose();
  }
});

function shapeOf(like: string | undefined): PlaceholderShape {
  if (like === undefined) return ORDINARY;
  const entry = readEntry(like);
  if (entry?.placeholder !== undefined) return entry.placeholder;
  throw new Problem('invalid-input', {
    detail:
      entry === undefined
        ? `like: there is no catalogue entry named ${like}.`
        : `like: the catalogue does not know what keys of ${like} look like. Leave it out, or name another entry.`,
  });
}
