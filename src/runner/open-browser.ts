// Opens an address in the person's browser, by the program that their system has for it.
import { spawn } from 'node:child_process';

const OPENERS: Readonly<Record<string, string>> = { darwin: 'open', linux: 'xdg-open' };

/** Whether a program took it; what it makes of it nobody tells. */
export async function openBrowser(
  url: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const opener = OPENERS[process.platform];
  if (opener === undefined) return false;
  return await new Promise((resolve) => {
    const child = spawn(opener, [url], { stdio: 'ignore', detached: true, env: { ...environment } });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
