// The calls of `main.js` with LangChain.
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';

const model = new ChatOpenAI({ model: 'gpt-test' });
const ask = async (content) => (await model.invoke([{ role: 'user', content }])).content;

export const steps = {
  plain: () => ask('step-plain'),
  stream: async () => {
    let text = '';
    for await (const chunk of await model.stream([{ role: 'user', content: 'step-plain' }]))
      text += chunk.content;
    return text;
  },
  fail: () => ask('step-fail'),
  refused: async () => (await new OpenAIEmbeddings({ model: 'e' }).embedQuery('step-plain')).length,
  echo: () => ask('step-echo'),
};
