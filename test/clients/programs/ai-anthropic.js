// The calls of `main.js` with Vercel's AI SDK for Anthropic.
import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText, streamText } from 'ai';

// This client's address ends with the version; the variable's, as Anthropic's own client has it, does not.
const baseURL = `${process.env.ANTHROPIC_BASE_URL}/v1`;
const settings = { authToken: process.env.ANTHROPIC_AUTH_TOKEN };
const model = createAnthropic({ ...settings, baseURL })('claude-test');
const elsewhere = createAnthropic({ ...settings, baseURL: `${baseURL}/elsewhere` })('claude-test');

export const steps = {
  plain: async () => (await generateText({ model, prompt: 'step-plain' })).text,
  stream: async () => {
    let text = '';
    for await (const part of streamText({ model, prompt: 'step-plain' }).textStream) text += part;
    return text;
  },
  fail: async () => (await generateText({ model, prompt: 'step-fail' })).text,
  refused: async () => (await generateText({ model: elsewhere, prompt: 'step-plain' })).text,
  echo: async () => (await generateText({ model, prompt: 'step-echo' })).text,
};
