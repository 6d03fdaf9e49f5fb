// The calls of `main.js` with Slack's own client.
import { WebClient } from '@slack/web-api';

const client = new WebClient(process.env.SLACK_BOT_TOKEN, { slackApiUrl: `${process.env.SLACK_API_URL}/` });
const post = async (text) => (await client.chat.postMessage({ channel: 'C1', text })).message.text;

export const steps = {
  plain: () => post('step-plain'),
  fail: () => post('step-fail'),
  refused: async () => (await client.conversations.list()).channels.length,
  echo: () => post('step-echo'),
};
