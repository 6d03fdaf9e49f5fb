// The calls of `main.js` with Google's own client.
import { GoogleGenAI } from '@google/genai';

const client = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });
const ask = (contents) => ({ model: 'gemini-test', contents });

export const steps = {
  plain: async () => (await client.models.generateContent(ask('step-plain'))).text,
  stream: async () => {
    let text = '';
    for await (const chunk of await client.models.generateContentStream(ask('step-plain')))
      text += chunk.text ?? '';
    return text;
  },
  fail: async () => (await client.models.generateContent(ask('step-fail'))).text,
  refused: async () => (await client.models.countTokens(ask('step-plain'))).totalTokens,
  echo: async () => (await client.models.generateContent(ask('step-echo'))).text,
};
