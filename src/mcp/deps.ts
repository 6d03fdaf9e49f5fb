// What the MCP server works with, and whom one request of a client is for.
import type { CallingAgent } from '../broker/caller.ts';
import type { BrokerDeps } from '../broker/deps.ts';
import type { Id } from '../core/ids.ts';
import type { OperationDeps } from '../operations/operation.ts';

export interface McpDeps {
  readonly broker: BrokerDeps;
  readonly operations: OperationDeps;
  /** From then on no call begins. */
  readonly isDraining: () => boolean;
}

/** One HTTP request of a client whose agent is known. */
export interface McpCaller {
  readonly agent: CallingAgent;
  /** As it was sent: each call that a tool makes shows it to the broker anew. */
  readonly token: string;
  readonly request: Id<'req'>;
  /** Address the connection came from. */
  readonly client: string;
  /** The client went away. */
  readonly gone: AbortSignal;
}

export interface ToolContext extends McpCaller {
  readonly deps: McpDeps;
  /** The client can show its user a page and ask again after that. */
  readonly canShowPages: boolean;
}
