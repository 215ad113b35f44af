/** `host`, `host:port` or `[ip6]:port` in its parts; null if it is none. */
export function splitAddress(value: string): { readonly host: string; readonly port: string | undefined } | null {
  const [, v6, name, port] = /^(?:\[([^\]]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(value) ?? [];
  const host = v6 ?? name;
  if (host === undefined || !(v6 === undefined ? HOST_NAME.test(host) : isIp(host))) return null;
  return port !== undefined && (Number(port) < 1 || Number(port) > 65_535) ? null : { host, port };
}

export function isIp(value: string): boolean {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(value);
  if (v4 !== null) return v4.slice(1).every((part) => Number(part) <= 255);
  return /^[0-9a-f:.]+(?:%[\w.]+)?$/i.test(value) && value.split(':').length >= 3;
}

export const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})$/;
