// The calls of `main.js` with Vercel's AI SDK for OpenAI.
import { createOpenAI } from '@ai-sdk/openai';
import { embed, generateText, streamText } from 'ai';

const openai = createOpenAI();
const model = openai('gpt-test');

export const steps = {
  plain: async () => (await generateText({ model, prompt: 'step-plain' })).text,
  stream: async () => {
    let text = '';
    for await (const part of streamText({ model, prompt: 'step-plain' }).textStream) text += part;
    return text;
  },
  fail: async () => (await generateText({ model, prompt: 'step-fail' })).text,
  refused: async () => (await embed({ model: openai.embedding('e'), value: 'step-plain' })).embedding.length,
  echo: async () => (await generateText({ model, prompt: 'step-echo' })).text,
};
