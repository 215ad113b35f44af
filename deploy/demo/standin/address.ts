import { connect } from 'node:net';

/** Host and port, or the path of a socket, of an address as pound.cfg has it: `ip:port`, `[ip6]:port`, `/path`. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } | { readonly path: string } {
  if (address.startsWith('/')) return { path: address };
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(at + 1)) };
}

/** Whether anybody takes a connection there. */
export function accepts(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(parseAddress(address));
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
