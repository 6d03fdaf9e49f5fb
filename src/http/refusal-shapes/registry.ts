// The families of vendors' error bodies, one line each, and whose clients speak them.
import type { RefusalShape } from '../../core/service.ts';
import { anthropic } from './anthropic.ts';
import { github } from './github.ts';
import { google } from './google.ts';
import { notion } from './notion.ts';
import { openai } from './openai.ts';
import type { RefusalFamily } from './shape.ts';
import { slack } from './slack.ts';
import { stripe } from './stripe.ts';

export const REFUSAL_FAMILIES: Readonly<Record<RefusalShape, RefusalFamily>> = {
  openai,
  anthropic,
  google,
  stripe,
  github,
  slack,
  notion,
};

const BY_CLIENT = Object.entries(REFUSAL_FAMILIES) as readonly (readonly [RefusalShape, RefusalFamily])[]; // its own keys

/**
 * The shape that a vendor's own client understands, by what it says of itself; undefined for every other. Nothing of any
 * service is told by it: the same client is answered alike wherever it calls.
 */
export function shapeOfClient(userAgent: string | undefined): RefusalShape | undefined {
  if (userAgent === undefined) return undefined;
  return BY_CLIENT.find(([, { clients }]) => clients.test(userAgent))?.[0];
}
