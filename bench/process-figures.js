// What the kernel says of a process, where it has /proc.
import { readFileSync } from 'node:fs';

/** Resident memory in bytes. @param {number} pid @returns {number | undefined} */
export function residentBytes(pid) {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(tryRead(`/proc/${pid}/status`) ?? '')?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** Descriptors a process may have open. @param {number} pid @returns {number | undefined} */
export function descriptorLimit(pid) {
  const limit = /^Max open files\s+(\d+)/m.exec(tryRead(`/proc/${pid}/limits`) ?? '')?.[1];
  return limit === undefined ? undefined : Number(limit);
}

/** @param {string} path */
function tryRead(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
