// The calls of `main.js` with Notion's own client.
import { Client } from '@notionhq/client';

const client = new Client({ auth: process.env.NOTION_API_KEY, baseUrl: process.env.NOTION_BASE_URL });
const name = async (user) => (await client.users.retrieve({ user_id: user })).name;

export const steps = {
  plain: () => name('step-plain'),
  fail: () => name('step-fail'),
  refused: async () => (await client.users.list({})).results.length,
  echo: () => name('step-echo'),
};
