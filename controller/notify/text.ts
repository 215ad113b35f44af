/** Foreign text and numbers as they stand in a mail. */

/** In one line of at most `chars` characters, without control characters. */
export const line = (text: string, chars: number): string =>
  clip(
    text
      .slice(0, 4 * chars)
      .replaceAll(/\s+/g, ' ')
      .trim(),
    chars,
  );

function clip(text: string, chars: number): string {
  const clean = Array.from(text.replaceAll(CONTROL, '\ufffd'));
  return clean.length <= chars ? clean.join('') : `${clean.slice(0, chars - 1).join('')}…`;
}

/** What would move a cursor, or turn the direction of what follows. */
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

const BLOCK_LINES = 20;
const BLOCK_CHARS = 200;

/** An entry of a log: a traceback says at its beginning when and at its end what, so that the middle of a long one goes. */
export function block(text: string): string[] {
  const lines = text.slice(-MOST_CHARS).split(/\r\n|\r|\n/);
  while (lines.length > 1 && lines.at(-1)?.trim() === '') lines.pop();
  const left = lines.length - BLOCK_LINES;
  const shown = left <= 0 ? lines : [...lines.slice(0, 2), `… ${left} lines …`, ...lines.slice(2 - BLOCK_LINES)];
  return shown.map((one) => `| ${clip(one.slice(0, 4 * BLOCK_CHARS).replaceAll('\t', '    '), BLOCK_CHARS)}`.trimEnd());
}

const MOST_CHARS = 100_000;

/** `40 s`, `12 min`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 2) return `${seconds} s`;
  if (hours < 2) return `${minutes} min`;
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `2026-11-22 14:03:12 +0100`: on the clock of the controller's host. */
export function timeOf(at: number): string {
  const date = new Date(at);
  const offset = -date.getTimezoneOffset();
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}
