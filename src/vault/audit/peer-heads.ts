// Heads that replicas tell each other through the database. A MAC on each keeps whoever can write to the database from
// planting heads of chains that never were.
import { z } from 'zod';
import { isId } from '../../core/ids.ts';
import type { Id } from '../../core/ids.ts';
import { constantTimeEqual, hmacSha256 } from '../../crypto/encoding.ts';
import type { Head, Lane } from './chain.ts';

const PeerHead = z.strictObject({
  lane: z.enum(['call', 'admin']),
  seq: z.number().int().min(1),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
  tag: z.string().regex(/^[0-9a-f]{64}$/),
});
export type PeerHead = Readonly<z.output<typeof PeerHead>>;

const PREFIX = 'doorward audit head v1\0';

export function toPeerHead(macKey: Uint8Array, chain: Id<'chn'>, lane: Lane, head: Head): PeerHead {
  const plain = { lane, seq: head.seq, mac: head.mac };
  return { ...plain, tag: tagOf(macKey, chain, plain).toString('hex') };
}

/** One entry of what a replica published, or undefined where no replica of this installation wrote it. */
export function parsePeerHead(macKey: Uint8Array, chain: string, value: unknown): PeerHead | undefined {
  const parsed = PeerHead.safeParse(value);
  if (!parsed.success || !isId('chn', chain)) return undefined;
  const isOurs = constantTimeEqual(tagOf(macKey, chain, parsed.data), Buffer.from(parsed.data.tag, 'hex'));
  return isOurs ? parsed.data : undefined;
}

function tagOf(macKey: Uint8Array, chain: Id<'chn'>, head: Omit<PeerHead, 'tag'>): Buffer {
  return hmacSha256(macKey, Buffer.from(`${PREFIX}${chain}\0${head.lane}\0${head.seq}\0${head.mac}`));
}
