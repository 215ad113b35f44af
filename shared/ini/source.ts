/** What an ini file may weigh: far more than any real one, and little enough to be read at once. */
export const MAX_INI_BYTES = 1024 * 1024;

type Source =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly line: number | null; readonly message: string; readonly hint: string | null };

/** The text of a file: UTF-8 with or without BOM, without NUL, at most 1 MiB; otherwise the reason. */
export function decodeSource(content: Uint8Array | string): Source {
  const tooLarge = { ok: false, line: null, message: 'larger than 1 MiB', hint: 'is this the right file?' } as const;
  if (content.length > MAX_INI_BYTES) return tooLarge;
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  if (bytes.length > MAX_INI_BYTES) return tooLarge;
  const nul = bytes.indexOf(0);
  if (nul >= 0) return { ok: false, line: lineAt(bytes, nul), message: 'holds a NUL byte', hint: nulHint(bytes) };
  const text = decode(bytes);
  if (text !== null) return { ok: true, text };
  return {
    ok: false,
    line: firstBadLine(bytes),
    message: 'not UTF-8',
    hint: 'save the file as UTF-8; it may be in Windows-1252 or Latin-1',
  };
}

/** null: it is not UTF-8. The decoder takes one BOM off the front. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function nulHint(bytes: Uint8Array): string | null {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || bytes[1] === 0;
  return utf16 ? 'save the file as UTF-8; it looks like UTF-16' : null;
}

function lineAt(bytes: Uint8Array, offset: number): number {
  let line = 1;
  for (let i = 0; i < offset; i++) if (bytes[i] === NEWLINE) line++;
  return line;
}

/** A newline byte is never part of a longer UTF-8 sequence, so each line decodes by itself. */
function firstBadLine(bytes: Uint8Array): number | null {
  let start = 0;
  for (let line = 1; start <= bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    if (decode(bytes.subarray(start, end)) === null) return line;
    start = end + 1;
  }
  return null;
}

const NEWLINE = 10;
