// A process that opens the embedded database and adds rows as told on its standard input, saying what was
// acknowledged. Arguments: the compiled sources, the data directory.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [dist = '', dataDirectory = ''] = process.argv.slice(2);
const { openDatabase } = await import(pathToFileURL(`${dist}/store/database.js`).href);
const database = await openDatabase({ kind: 'embedded', dataDirectory });
console.log('open');

let next = 0;
const add = async () => {
  const n = next++;
  await database.calls`insert into vault (id, name, epoch, created_at) values (${`vlt_${n}`}, ${`${n}`}, 1, now())`;
  return n;
};
/** @type {Record<string, () => Promise<unknown>>} */
const orders = {
  add,
  durable: () => database.makeDurable(),
  recent: () => database.makeRecentDurable(),
  close: () => database.close(),
  flood: async () => {
    while (true) console.log('row', (await Promise.all(Array.from({ length: 20 }, add))).at(-1));
  },
};
for await (const order of createInterface({ input: process.stdin })) {
  await orders[order]?.();
  console.log('done', order);
}
