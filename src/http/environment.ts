// What a Hono context carries here: Node's own request, and the request's id.
import type { HttpBindings } from '@hono/node-server';
import type { Id } from '../core/ids.ts';

export interface Environment {
  Bindings: HttpBindings;
  Variables: {
    requestId: Id<'req'>;
    /** The client's own id of the request, where it sent one. */
    clientRequestId: string | undefined;
    /** The administrative operation that answers, where one does. */
    operation: string | undefined;
  };
}
