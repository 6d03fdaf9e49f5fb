// Slack: always 200, `{"ok": false, "error": "a_word"}`: its client repeats every other status for half an hour, 429 among
// them. The client's error shows nothing but the word, its log what stands in `response_metadata.messages`.
import type { RefusalFamily } from './shape.ts';

export const slack: RefusalFamily = {
  clients: /^@slack[:/]|\bslackclient\//,
  refuse: ({ sentence, code, doorward }) => ({
    status: 200,
    body: {
      ok: false,
      error: `doorward_${code.replaceAll('-', '_')}`,
      response_metadata: { messages: [`[ERROR] ${sentence}`] },
      doorward,
    },
  }),
};
