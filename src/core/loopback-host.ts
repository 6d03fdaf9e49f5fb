// Hosts that are this machine by their very name: what is sent to them in clear text meets nobody on the way.
const LOOPBACK_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** `hostname` as a parsed URL has it: in lower case, without a port, IPv6 in brackets. A name that only begins so is none. */
export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK_HOST.test(hostname);
}
