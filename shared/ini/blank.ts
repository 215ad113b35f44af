/** White space as Python's `str.strip` sees it: U+FEFF is none, U+001C to U+001F and U+0085 are; JavaScript's `trim` has it the other way round. */
export function isBlank(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (code <= 0xff) return (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x20) || code === 0x85 || code === 0xa0;
  return (code >= 0x2000 && code <= 0x200a) || BLANKS.has(code);
}

const BLANKS = new Set([0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000]);

export function strip(text: string): string {
  let start = 0;
  while (start < text.length && isBlank(text, start)) start++;
  return stripEnd(text.slice(start));
}

export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text, end - 1)) end--;
  return text.slice(0, end);
}

/** Number of blank characters in front. */
export function indentOf(text: string): number {
  let indent = 0;
  while (indent < text.length && isBlank(text, indent)) indent++;
  return indent;
}
