import { AppError } from '../../shared/errors.js';
import type { PoundBackend } from './pound-state.js';

/**
 * Reads what `poundctl -X` prints, from Pound 2.0 to 4.1. It is not quite XML: a quote inside a value has a backslash before it, nothing
 * is escaped otherwise, and the oldest ones print states as bare words (` DEAD`, ` DISABLED`) where later ones print attributes.
 * Global services stand behind the last listener, outside of any.
 */
export function parsePoundctlState(text: string): PoundBackend[] {
  if (!/<pound>[\s\S]*<\/pound>/.test(text)) throw unreadable(text);
  const found: Found[] = [];
  const open: Open = { listener: null, service: null };
  for (const [, closing, name = '', attributes = ''] of text.matchAll(TAG)) {
    if (closing === '/') {
      if (name === 'listener') open.listener = null;
      if (name === 'service') open.service = null;
      continue;
    }
    const element = attributesOf(attributes);
    if (name === 'listener') open.listener = element;
    if (name === 'service') open.service = element;
    if (name === 'backend') found.push({ ...inService(open, text), element, sessions: [] });
    if (name === 'session') addSession(found, inService(open, text), element);
  }
  return found.flatMap(toBackend);
}

const TAG = /<(\/?)(listener|service|backend|session)\b((?:\s+[\w-]+(?:="(?:\\"|[^"])*")?)*)\s*\/?>/g;

interface Open {
  listener: Element | null;
  service: Element | null;
}

interface Found {
  readonly listener: Element | null;
  readonly service: Element;
  readonly element: Element;
  readonly sessions: string[];
}

type Element = ReadonlyMap<string, string>;

/** A bare word is an attribute without a value. */
function attributesOf(text: string): Element {
  const pairs = [...text.matchAll(/([\w-]+)(?:="((?:\\"|[^"])*)")?/g)];
  return new Map(pairs.map(([, name = '', value = '']) => [name, value.replaceAll('\\"', '"')]));
}

function inService({ listener, service }: Open, text: string): { listener: Element | null; service: Element } {
  if (service === null) throw unreadable(text);
  return { listener, service };
}

/** A service lists its backends before its sessions. */
function addSession(found: readonly Found[], { service }: { service: Element }, element: Element): void {
  const bound = found.find((one) => one.service === service && one.element.get('index') === element.get('backend'));
  bound?.sessions.push(element.get('key') ?? '');
}

function toBackend({ listener, service, element, sessions }: Found): PoundBackend[] {
  const address = normalise(element.get('address') ?? '');
  // A redirect and the like have no address.
  if (address === null) return [];
  const s = service.get('index') ?? '';
  const name = service.get('name') ?? null;
  const l = listener?.get('index');
  return [
    {
      path: l === undefined ? `/service/${s}/${element.get('index') ?? ''}` : `/listener/${l}/${s}/${element.get('index') ?? ''}`,
      sessionPath: `/session/${l ?? '-'}/${s}`,
      listener: null,
      service: name,
      place: `${listener?.get('address') ?? '-'}/${name ?? s}`,
      address,
      emergency: false,
      enabled: element.get('status') === undefined ? !element.has('DISABLED') : element.get('status') === 'active',
      alive: element.get('alive') === undefined ? !element.has('DEAD') : element.get('alive') === 'yes',
      sessions,
    },
  ];
}

/** `ip:port`; an IPv6 address has no brackets here. */
function normalise(address: string): string | null {
  const match = /^(.*):(\d+)$/.exec(address);
  const [, host = '', port = ''] = match ?? [];
  if (match === null || !/^[0-9a-f.:]+$/i.test(host)) return null;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const unreadable = (text: string): AppError =>
  new AppError('failed', `poundctl answered something that is no listing: ${text.slice(0, 80)}`);
