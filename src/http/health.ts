// /healthz: the process answers. /readyz: it may be sent calls. Before everything else is ready see starting.ts.
import type { Hono } from 'hono';
import type { Environment } from './environment.ts';

export interface Readiness {
  readonly isReady: boolean;
  /** Each check by name: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
}

export const NO_STORE = { 'cache-control': 'no-store' };
export const ALIVE = { status: 'ok' };

export function mountHealth(app: Hono<Environment>, readiness: () => Promise<Readiness>): void {
  app.get('/healthz', (context) => context.json(ALIVE, 200, NO_STORE));
  app.get('/readyz', async (context) => {
    const found = await readiness();
    return context.json(toBody(found), found.isReady ? 200 : 503, NO_STORE);
  });
}

export function toBody({ isReady, checks }: Readiness): object {
  return { status: isReady ? 'ready' : 'not ready', checks };
}
