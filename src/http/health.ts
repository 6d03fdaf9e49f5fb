// /healthz: the process answers. /readyz: it may be sent calls.
import type { Hono } from 'hono';
import type { Environment } from './environment.ts';

export interface Readiness {
  readonly isReady: boolean;
  /** Each check by name: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
}

export function mountHealth(app: Hono<Environment>, readiness: () => Promise<Readiness>): void {
  app.get('/healthz', (context) => context.json({ status: 'ok' }, 200, { 'cache-control': 'no-store' }));
  app.get('/readyz', async (context) => {
    const { isReady, checks } = await readiness();
    const status = isReady ? 'ready' : 'not ready';
    return context.json({ status, checks }, isReady ? 200 : 503, { 'cache-control': 'no-store' });
  });
}
