// `/problems/` and `/problems/<code>`: where the `type` of a problem leads. Made from the catalogue, for browsers,
// terminals and programs alike. Nothing of a request is repeated on them.
import type { Context, Hono } from 'hono';
import { accepts } from 'hono/accepts';
import { Problem, PROBLEM_PATH } from '../core/problem.ts';
import type { Environment } from './environment.ts';
import { describeProblems, type ProblemDescription, RETRY, WHO_ACTS } from './problem-description.ts';

/** What each page comes as; the first is for whoever names none of them. */
const PAGE_TYPES = ['text/plain', 'text/html', 'application/json'] as const;
const CACHE = { 'cache-control': 'public, max-age=300', vary: 'accept' };

export function mountProblemPages(app: Hono<Environment>, publicUrl: string): void {
  const all = describeProblems(publicUrl);
  const list = (context: Context<Environment>) => answer(context, all);
  app.get(PROBLEM_PATH.slice(0, -1), list);
  app.get(PROBLEM_PATH, list);
  app.get(`${PROBLEM_PATH}:code`, (context) => {
    const found = all.find(({ code }) => code === context.req.param('code'));
    if (found === undefined) {
      throw new Problem('not-found', {
        detail: `There is no problem of that code. All of them: ${publicUrl}${PROBLEM_PATH}`,
      });
    }
    return answer(context, found);
  });
}

/** One problem, or the list of all. */
async function answer(
  context: Context<Environment>,
  shown: ProblemDescription | ProblemDescription[],
): Promise<Response> {
  const [fallback] = PAGE_TYPES;
  switch (accepts(context, { header: 'Accept', supports: [...PAGE_TYPES], default: fallback })) {
    case 'application/json':
      return context.json(Array.isArray(shown) ? { items: shown } : shown, 200, CACHE);
    case 'text/html': {
      // For people: rarely asked for, and no start waits for it.
      const { contentSecurityPolicy, listPage, problemPage } = await import('./problem-html.ts');
      return context.html(Array.isArray(shown) ? listPage(shown) : problemPage(shown), 200, {
        ...CACHE,
        'content-security-policy': contentSecurityPolicy(),
        'referrer-policy': 'no-referrer',
      });
    }
    default:
      return context.text(Array.isArray(shown) ? shown.map(asLine).join('') : asText(shown), 200, CACHE);
  }
}

function asLine({ status, code, title }: ProblemDescription): string {
  return `${status} ${code.padEnd(22)} ${title}\n`;
}

function asText({ status, code, title, fault, help, retry }: ProblemDescription): string {
  return [
    `${status} ${code}: ${title}`,
    '',
    help,
    '',
    `Who must act: ${WHO_ACTS[fault]}.`,
    `Trying again: ${retry ? RETRY.helps : RETRY.useless}.`,
    '',
  ].join('\n');
}
