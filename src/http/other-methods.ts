// An address that is here, but not for the method it was asked with: 405 with the methods it has (RFC 9110 §15.5.6).
import type { Hono } from 'hono';
import { Problem } from '../core/problem.ts';
import type { Environment } from './environment.ts';

/** Undefined where there is nothing at all at `path`. To be made once every route is mounted. */
export function otherMethods(app: Hono<Environment>): (path: string) => Problem | undefined {
  const routes = app.routes
    .filter(({ method }) => method !== 'ALL') // middleware
    .map(({ method, path }) => ({ method, pattern: new RegExp(`^${pattern(path)}$`) }));
  return (path) => {
    const found = routes.filter((route) => route.pattern.test(path)).map(({ method }) => method);
    if (found.length === 0) return undefined;
    const allow = [...new Set(found.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))];
    return new Problem('method-not-allowed', {
      detail: `This address has ${allow.join(', ')}.`,
      extensions: { allow },
    });
  };
}

function pattern(path: string): string {
  return path.replaceAll(/[.]/g, '\\.').replaceAll(/:\w+/g, '[^/]+');
}
