// Transactions whose connection is lost. postgres.js goes on using it then: it writes COMMIT or ROLLBACK to a socket that is gone,
// which ends the process by an exception nobody can catch; and once it has connected anew, later statements of the dead
// transaction would run there, outside of any. Here such a transaction comes to no end of its own, and says nothing more:
// postgres.js has rejected it already.
import type { Sql } from 'postgres';

type Begin = (options: string, work: (tx: object) => Promise<unknown>) => Promise<unknown>;

/** Changes `sql.begin`, which drizzle's transactions use too. */
export function guardTransactions(sql: Sql): void {
  const begin = sql.begin.bind(sql) as unknown as Begin; // its overloads differ in what work gives, not in this
  const guarded = async (...given: [string, Work] | [Work]): Promise<unknown> => {
    const [options, work] = given.length === 1 ? ['', given[0]] : given;
    let isOver = false;
    try {
      return await begin(options, (tx) => {
        const running = Promise.resolve(work(refusingWhen(() => isOver, tx)));
        return new Promise((resolve, reject) => {
          // Work that was at something else when the connection went comes to its end, either way, only later.
          const unlessOver = (end: () => void) => (isOver ? undefined : end());
          running.then(
            (value) => unlessOver(() => resolve(value)),
            (error: unknown) => {
              if (isClosed(error)) isOver = true;
              unlessOver(() => reject(error));
            },
          );
        });
      });
    } finally {
      isOver = true;
    }
  };
  Object.assign(sql, { begin: guarded });
}

type Work = (tx: object) => unknown;

/** `tx`, but its statements throw once the transaction is over. */
function refusingWhen(isOver: () => boolean, tx: object): object {
  const refuse = () => {
    if (isOver()) throw Object.assign(new Error('the transaction is over'), { code: 'CONNECTION_CLOSED' });
  };
  return new Proxy(tx, {
    apply: (target, self, given) => {
      refuse();
      return Reflect.apply(target as () => unknown, self, given) as unknown;
    },
    get: (target, name) => {
      if (name === 'unsafe') refuse();
      return Reflect.get(target, name) as unknown;
    },
  });
}

/** The code with which postgres.js rejects what was under way on a connection that was closed. */
function isClosed(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'CONNECTION_CLOSED') return true;
  }
  return false;
}
