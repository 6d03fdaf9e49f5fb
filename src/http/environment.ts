// What a Hono context carries here: Node's own request, and the request's id.
import type { HttpBindings } from '@hono/node-server';
import type { Id } from '../core/ids.ts';

export interface Environment {
  Bindings: HttpBindings;
  Variables: { requestId: Id<'req'> };
}
