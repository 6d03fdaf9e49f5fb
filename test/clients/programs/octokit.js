// The calls of `main.js` with GitHub's own client.
import { Octokit } from '@octokit/rest';

const client = new Octokit({ auth: process.env.GITHUB_TOKEN, baseUrl: process.env.GITHUB_API_URL });
const describe = async (repo) => (await client.repos.get({ owner: 'acme', repo })).data.description;

export const steps = {
  plain: () => describe('step-plain'),
  fail: () => describe('step-fail'),
  refused: async () => (await client.repos.delete({ owner: 'acme', repo: 'step-plain' })).status,
  echo: () => describe('step-echo'),
};
