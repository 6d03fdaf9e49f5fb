// A service that an agent may call, as `agent.services` tells it.
import type { z } from 'zod';
import type { agentServices } from '../../operations/contracts/placeholders.ts';

export type GrantedService = z.output<(typeof agentServices)['output']>['services'][number];
