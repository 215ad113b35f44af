import type { Header } from './headers.js';

/** An entry that a scan has come across. */
export interface ScannedEntry {
  /** In the file. */
  readonly offset: number;
  readonly lines: number;
  /** How many of its lines match; 0: it only stands beside a hit, or nothing was looked for. */
  readonly matching: number;
  readonly header: Header | null;
  /** It goes on with an entry that was too long, whose header it has. */
  readonly isRest: boolean;
  /** To be asked for before the next entries are taken. */
  text(): string;
}

/** Of a very long entry only the beginning is shown. */
const MAX_TEXT_BYTES = 64 * 1024;

/** Without the line of six dashes that Zope 2 writes before the next entry, and without the NUL bytes that a loss of power left before it. */
export function textOfEntry(bytes: Buffer, from: number, end: number): string {
  const at = behindNuls(bytes, from, end);
  const cut = end - at > MAX_TEXT_BYTES;
  const text = bytes.toString('utf8', at, cut ? at + MAX_TEXT_BYTES : end);
  // How long it is in all nobody has looked for.
  if (cut) return `${text}\n[cut: of an entry the first 64 kB are shown]`;
  return text.replace(/(?:\r?\n(?:-{6})?)+$/, '').replaceAll('\r\n', '\n');
}

export function behindNuls(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] === 0) at += 1;
  return at;
}
