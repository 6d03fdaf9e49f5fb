// The pages of problems for browsers: one file each, light and dark, no script, nothing loaded from anywhere.
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { Problem, PROBLEM_PATH } from '../core/problem.ts';
import { type ProblemDescription, RETRY, WHO_ACTS } from './problem-description.ts';

type Html = ReturnType<typeof html>;

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --dim: #5d6878; --line: #dfe4ea; --paper: #fbfcfd; --card: #fff; --mark: #0b6b57; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --dim: #98a3b3; --line: #2b3340; --paper: #12161c; --card: #191f28; --mark: #5fd0b4; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
nav, dt, footer, td:last-child { color: var(--dim); }
nav, footer { font-size: .9rem; }
h1 { margin: .4rem 0 1.5rem; font-size: 1.9rem; line-height: 1.25; letter-spacing: -.01em; }
a { color: var(--mark); text-underline-offset: .2em; }
code, pre, .status { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .92em; }
.tag { display: inline-flex; gap: .6rem; margin-top: 1.75rem; padding: .15rem .7rem; border: 1px solid var(--line); border-radius: 99rem; background: var(--card); }
.status { color: var(--mark); font-weight: 600; }
.help { font-size: 1.1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; margin: 1.75rem 0; }
dd { margin: 0; }
pre { overflow-x: auto; padding: 1rem 1.15rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); line-height: 1.5; }
table { width: 100%; border-collapse: collapse; }
td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
h2 { margin-top: 2.25rem; font-size: 1.05rem; }
`;

/** Only this style, by its hash; no script, no frame, no form, nothing from elsewhere. */
export function contentSecurityPolicy(): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

export function problemPage(problem: ProblemDescription): Html {
  const { code, title, status, fault, help, retry } = problem;
  return document(
    title,
    html`<nav><a href="${PROBLEM_PATH}">Problems</a></nav>
<p class="tag"><span class="status">${status}</span><code>${code}</code></p>
<h1>${title}</h1>
<p class="help">${withCode(help)}</p>
<dl>
<dt>Who must act</dt><dd>${WHO_ACTS[fault]}</dd>
<dt>Trying again</dt><dd>${retry ? RETRY.helps : RETRY.useless}</dd>
</dl>
<h2>How it is answered</h2>
<pre>${JSON.stringify(example(problem), null, 2)}</pre>`,
  );
}

export function listPage(problems: readonly ProblemDescription[]): Html {
  const rows = problems.map(
    ({ code, status, title }) => html`<tr>
<td class="status">${status}</td><td><a href="${PROBLEM_PATH}${code}"><code>${code}</code></a></td><td>${title}</td>
</tr>`,
  );
  return document(
    'Problems',
    html`<h1>Problems</h1>
<p>What Doorward answers when it can not do what it was asked, as
<code>application/problem+json</code>. Programs compare <code>code</code>.</p>
<table><tbody>${rows}</tbody></table>`,
  );
}

/** Without `detail`, which only a real request has. */
function example({ code, type }: ProblemDescription): Record<string, unknown> {
  return { ...new Problem(code).toBody('req_01jd8m4q6ve3rr1vh5x2ykt9c7'), type };
}

/** The catalogue marks commands and members by backticks. */
function withCode(text: string): Html[] {
  return text.split('`').map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function document(title: string, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Doorward</title>
<style>${raw(STYLE)}</style>
</head>
<body><main>
${content}
<footer>Doorward, <a href="/openapi.json">its API</a></footer>
</main></body>
</html>
`;
}
