// Who acts: an admin, an agent (by token or by a placeholder), Doorward itself, or nobody known.
import type { Id } from './ids.ts';

export type Principal =
  | { readonly type: 'admin'; readonly id: Id<'adm'>; readonly name: string; readonly token?: Id<'tok'> }
  | {
      readonly type: 'agent';
      readonly id: Id<'agt'>;
      readonly name: string;
      readonly token?: Id<'tok'>;
      readonly run?: Id<'run'>;
      readonly placeholder?: Id<'plh'>;
    }
  | { readonly type: 'system' }
  | { readonly type: 'stranger' };

export type AgentPrincipal = Extract<Principal, { type: 'agent' }>;
export type AdminPrincipal = Extract<Principal, { type: 'admin' }>;
