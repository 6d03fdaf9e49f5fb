// Vendors whose answers are one JSON object: Stripe, GitHub, Slack, Notion.
import { FAILURE, PLAIN, sendJson, stepOf, type Vendor } from './vendor.ts';

// Put together, so that nobody's scanner takes them for someone's.
const STRIPE_KEY = ['sk', 'test', '51Nw8RtKq2ZrN5xLcJ7mYbP4sHdG9fUeA6RvT8wKq2ZrN5xLcJ7mYb'].join('_');
const GITHUB_KEY = ['ghp', 'Tq7RmW2vLp9Zc4Ks8XbNfY3hJd6GuA1eBz5C'].join('_');
const SLACK_KEY = ['xoxb', '1234567890123', '1234567890123', 'Qx7RmT2vLp9Zc4Ks8WbNfY3h'].join('-');
const NOTION_KEY = ['ntn', '12345678901Qx7RmT2vLp9Zc4Ks8WbNfY3hJd6GuA1eZz0'].join('_');

const saying = (text: string, key: string) =>
  stepOf(text) === 'echo' ? `your key is ${key}, is it not` : PLAIN;

export const stripe: Vendor = {
  id: 'stripe',
  key: STRIPE_KEY,
  allow: ['GET /v1/customers/{id}'],
  isRight: ({ authorization }) => authorization === `Bearer ${STRIPE_KEY}`,
  denied: (response) =>
    sendJson(response, 401, { error: { type: 'invalid_request_error', message: 'Invalid API Key' } }),
  answer: ({ url }, response) => {
    if (stepOf(url) === 'fail')
      return sendJson(response, 404, {
        error: { type: 'invalid_request_error', code: 'resource_missing', message: FAILURE },
      });
    return sendJson(response, 200, { id: 'cus_1', object: 'customer', name: saying(url, STRIPE_KEY) });
  },
};

export const github: Vendor = {
  id: 'github',
  key: GITHUB_KEY,
  allow: ['GET /repos/**'],
  isRight: ({ authorization }) =>
    authorization === `Bearer ${GITHUB_KEY}` || authorization === `token ${GITHUB_KEY}`,
  denied: (response) => sendJson(response, 401, { message: 'Bad credentials', status: '401' }),
  answer: ({ url }, response) => {
    if (stepOf(url) === 'fail') return sendJson(response, 404, { message: FAILURE, status: '404' });
    return sendJson(response, 200, { id: 1, name: 'plain', description: saying(url, GITHUB_KEY) });
  },
};

export const slack: Vendor = {
  id: 'slack',
  key: SLACK_KEY,
  allow: ['POST /chat.postMessage'],
  isRight: ({ authorization }) => authorization === `Bearer ${SLACK_KEY}`,
  denied: (response) => sendJson(response, 200, { ok: false, error: 'invalid_auth' }),
  answer: ({ body }, response) => {
    const text = body.toString();
    if (stepOf(text) === 'fail') return sendJson(response, 200, { ok: false, error: 'channel_not_found' });
    return sendJson(response, 200, { ok: true, message: { text: saying(text, SLACK_KEY) } });
  },
};

export const notion: Vendor = {
  id: 'notion',
  key: NOTION_KEY,
  allow: ['GET /v1/users/{id}'],
  isRight: (headers) =>
    headers.authorization === `Bearer ${NOTION_KEY}` && headers['notion-version'] !== undefined,
  denied: (response) =>
    sendJson(response, 401, {
      object: 'error',
      status: 401,
      code: 'unauthorized',
      message: 'API token is invalid.',
    }),
  answer: ({ url }, response) => {
    if (stepOf(url) === 'fail')
      return sendJson(response, 404, {
        object: 'error',
        status: 404,
        code: 'object_not_found',
        message: FAILURE,
      });
    return sendJson(response, 200, {
      object: 'user',
      id: 'u',
      type: 'person',
      name: saying(url, NOTION_KEY),
    });
  },
};
