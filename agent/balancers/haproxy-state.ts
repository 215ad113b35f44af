import { AppError } from '../../shared/errors.js';

/** What a running HAProxy says of itself and its servers. */
export interface HaproxyState {
  readonly version: string;
  readonly servers: readonly HaproxyServer[];
  /** Stick tables by the name of their section. */
  readonly tables: ReadonlySet<string>;
}

export interface HaproxyServer {
  /** Its `backend` or `listen` section. */
  readonly section: string;
  readonly name: string;
  readonly id: string;
  /** `ip:port`. */
  readonly address: string;
  readonly enabled: boolean;
  /** null: nobody looks while it is in maintenance. */
  readonly alive: boolean | null;
  /** Requests that it is answering and that wait for it. */
  readonly inFlight: number;
}

/** Servers first, counts after: a server that is seen to be out gets nothing more that the counts could miss. */
export const STATE_COMMANDS = ['show servers state', 'show stat -1 4 -1', 'show info', 'show table'] as const;

/** Reads the answers to `STATE_COMMANDS`. Throws `failed` on what is none: a server that is overlooked would read as drained. */
export function parseHaproxyState(text: string): HaproxyState {
  const parts = text.split(/\n(?:[ \t]*\n)+/);
  const servers = parseServers(partOf(parts, /^\d+\n# be_id /));
  const counts = parseCounts(partOf(parts, /^# pxname,/));
  const version = /^Version: *(\S+)/m.exec(partOf(parts, /^Name: /))?.[1];
  return {
    version: version ?? 'unknown',
    servers: servers.map((server) => {
      const inFlight = counts.get(keyOf(server.section, server.name));
      if (inFlight === undefined) throw unreadable(`no line for ${server.section}/${server.name} among its statistics`);
      return { ...server, inFlight };
    }),
    tables: new Set([...text.matchAll(/^# table: ([^,]+),/gm)].map((match) => match[1] ?? '')),
  };
}

/** How many entries of a stick table (`show table NAME`) are bound to each server, by its id. */
export function parseTable(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [, id = ''] of text.matchAll(/^0x[0-9a-f]+: .*\bserver_id=(\d+)/gm)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

const keyOf = (section: string, name: string): string => `${section}/${name}`;

/** Maintenance or draining, by whatever reason; the bit of a server that its file has off (4) only tells how it came up. */
const OUT_BITS = 0x01 | 0x02 | 0x08 | 0x10 | 0x20 | 0x40;
const MAINTENANCE_BITS = 0x01 | 0x02 | 0x20 | 0x40;

function parseServers(text: string): Omit<HaproxyServer, 'inFlight'>[] {
  const [, header = '', ...lines] = text.split('\n');
  const columns = header.replace(/^# /, '').trim().split(' ');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const fields = line.trim().split(' ');
      const field = (name: string): string => fields[columns.indexOf(name)] ?? unreadableColumn(name, line);
      const admin = Number(field('srv_admin_state'));
      const operational = Number(field('srv_op_state'));
      if (!Number.isInteger(admin) || !Number.isInteger(operational)) throw unreadable(line);
      const ip = field('srv_addr');
      return {
        section: field('be_name'),
        name: field('srv_name'),
        id: field('srv_id'),
        address: ip.includes(':') ? `[${ip}]:${field('srv_port')}` : `${ip}:${field('srv_port')}`,
        enabled: (admin & OUT_BITS) === 0,
        alive: (admin & MAINTENANCE_BITS) === 0 ? operational !== 0 : null,
      };
    });
}

/** Current sessions and queue of each server. */
function parseCounts(text: string): ReadonlyMap<string, number> {
  const [header = '', ...lines] = text.split('\n');
  const columns = header.replace(/^# /, '').split(',');
  return new Map(
    lines
      .filter((line) => line.trim() !== '')
      .map((line) => {
        const fields = line.split(',');
        const field = (name: string): string => fields[columns.indexOf(name)] ?? unreadableColumn(name, line);
        const count = Number(field('scur') || Number.NaN) + Number(field('qcur') || 0);
        if (!Number.isInteger(count)) throw unreadable(line);
        return [keyOf(field('pxname'), field('svname')), count];
      }),
  );
}

function partOf(parts: readonly string[], begin: RegExp): string {
  return parts.map((part) => part.replace(/^\n+/, '')).find((part) => begin.test(part)) ?? unreadableColumn(begin.source, parts.join(' '));
}

function unreadableColumn(name: string, text: string): never {
  throw unreadable(`${name} is missing in ${text}`);
}

const unreadable = (text: string): AppError =>
  new AppError('failed', `HAProxy answered something that cannot be read: ${text.slice(0, 120)}`);
