// GitHub: `{message, documentation_url, status}`, the status as text. `@octokit/rest` repeats nothing; of its plugins, the
// one that repeats leaves 400, 401, 403, 404 and 422 alone.
import type { RefusalFamily } from './shape.ts';

export const github: RefusalFamily = {
  clients: /\boctokit-[a-z]+\.js\/|^octokit|^GitHub CLI\b|^PyGithub\b/i,
  refuse: ({ status, sentence, page, request, doorward }) => ({
    headers: { 'x-github-request-id': request },
    body: { message: sentence, documentation_url: page, status: String(status), doorward },
  }),
};
