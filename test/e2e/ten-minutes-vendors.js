// The vendors of the ten minutes: what answers as api.openai.com and api.github.com, and takes one key each.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [, , folder = ''] = process.argv;
/** @type {Record<string, { key: string, answer: object }>} */
const VENDORS = JSON.parse(readFileSync(`${folder}/vendors.json`, 'utf8'));
const tls = { key: readFileSync(`${folder}/key.pem`), cert: readFileSync(`${folder}/cert.pem`) };

createServer(tls, ({ headers }, response) => {
  const vendor = VENDORS[headers.host ?? ''];
  const isRight = vendor !== undefined && headers.authorization === `Bearer ${vendor.key}`;
  response.writeHead(isRight ? 200 : 401, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(isRight ? vendor.answer : { error: { message: 'Incorrect API key' } })}\n`);
}).listen(443, '127.0.0.1');
