// Calls that come again where they are told to, as any client's do: a replica that a busy machine kept from renewing its lease
// sends nothing until it has heard from its database.

const AGAIN = { times: 40, afterMs: 250 };

/** What such a replica answers. */
export function isPassing(status: number, code: string | null | undefined): boolean {
  return status === 503 && code === 'database-unavailable';
}

/** Asks until the answer is another one, or for ten seconds. */
export async function patiently<T>(ask: () => Promise<T>, isAgain: (answer: T) => boolean): Promise<T> {
  let answer = await ask();
  for (let again = 0; again < AGAIN.times && isAgain(answer); again += 1) {
    await new Promise((resolve) => setTimeout(resolve, AGAIN.afterMs));
    answer = await ask();
  }
  return answer;
}
