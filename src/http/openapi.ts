// `/openapi.json`: public, and cached by its ETag.
import { createHash } from 'node:crypto';
import type { Hono } from 'hono';
import type { Environment } from './environment.ts';
import type { OpenApiFacts } from './openapi-document.ts';
import { isKnown } from './request-conditions.ts';

export function mountOpenApi(app: Hono<Environment>, facts: OpenApiFacts): void {
  let made: ReturnType<typeof make> | undefined;
  app.get('/openapi.json', async (context) => {
    const { text, tag } = await (made ??= make(facts));
    const headers = { etag: `"${tag}"`, 'cache-control': 'no-cache' };
    if (isKnown(context.req, tag)) return context.body(null, 304, headers);
    return context.body(text, 200, { ...headers, 'content-type': 'application/json' });
  });
}

/** Made when it is first asked for: few servers ever are, and no start waits for it. */
async function make(facts: OpenApiFacts): Promise<{ readonly text: string; readonly tag: string }> {
  const { openApiDocument } = await import('./openapi-document.ts');
  const text = JSON.stringify(openApiDocument(facts));
  return { text, tag: createHash('sha256').update(text).digest('base64url').slice(0, 22) };
}
