// The calls of `main.js` with Anthropic's own client.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic();
const ask = (content) => ({ model: 'claude-test', max_tokens: 64, messages: [{ role: 'user', content }] });
const complete = async (content) => (await client.messages.create(ask(content))).content[0].text;

export const steps = {
  plain: () => complete('step-plain'),
  stream: async () => {
    let text = '';
    for await (const event of client.messages.stream(ask('step-plain')))
      if (event.type === 'content_block_delta') text += event.delta.text;
    return text;
  },
  fail: () => complete('step-fail'),
  refused: async () => (await client.models.list()).data.length,
  echo: () => complete('step-echo'),
};
