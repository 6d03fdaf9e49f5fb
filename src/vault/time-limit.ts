// A wait with an end. The work itself goes on: what it still does must be right whenever it is done.

/**
 * Throws when `work` has not come to its end in time. Where the process itself stood still, what has come meanwhile is
 * looked at first.
 */
export async function withinMs<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    // The code of a connection that does not answer: callers tell it like one.
    const late = () =>
      Object.assign(new Error(`${what} took longer than ${limitMs} ms`), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => setImmediate(() => reject(late())), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
