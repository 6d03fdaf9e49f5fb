// The calls of `main.js` with OpenAI's own client.
import OpenAI from 'openai';

const client = new OpenAI();
const ask = (content) => ({ model: 'gpt-test', messages: [{ role: 'user', content }] });
const complete = async (content) =>
  (await client.chat.completions.create(ask(content))).choices[0].message.content;

export const steps = {
  plain: () => complete('step-plain'),
  stream: async () => {
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...ask('step-plain'), stream: true }))
      text += chunk.choices[0]?.delta.content ?? '';
    return text;
  },
  fail: () => complete('step-fail'),
  refused: async () => (await client.models.list()).data.length,
  echo: () => complete('step-echo'),
};
