// An agent's program that knows nothing of Doorward: one client object of the official SDK, which reads its key and its
// address from the environment once. Each line on standard input is one call; each line on standard output its answer.
import { createInterface } from 'node:readline';
import OpenAI from 'openai';

const client = new OpenAI({ maxRetries: 0 });
console.log(JSON.stringify({ environment: process.env, arguments: process.argv }));

for await (const content of createInterface({ input: process.stdin })) {
  try {
    const answer = await client.chat.completions.create({
      model: 'test',
      messages: [{ role: 'user', content }],
    });
    console.log(JSON.stringify({ said: answer.choices[0]?.message.content }));
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    console.log(JSON.stringify({ status: error.status, code: error.code, message: error.message }));
  }
}
