/** How the text of one value is read. Pure; `iniPath` is the file's own path, for what is relative to it. */
export interface ValueType<T> {
  /** For people: `seconds`, `path on the service's host`. */
  readonly name: string;
  /** All that can be written, where that is one of a few words. */
  readonly words?: readonly string[];
  /** Stands in after an error was reported; a configuration with an error is never used. */
  readonly blank: T;
  parse(text: string, iniPath: string): Parsed<T>;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly warning?: string; readonly hint?: string | null }
  /** `part`: the piece of the text that is wrong, by which its line is found. */
  | { readonly ok: false; readonly message: string; readonly hint?: string | null; readonly part?: string };

export const good = <T>(value: T): Parsed<T> => ({ ok: true, value });
export const doubtful = <T>(value: T, warning: string, hint: string | null = null): Parsed<T> => ({ ok: true, value, warning, hint });
export const bad = (
  message: string,
  hint: string | null = null,
): { readonly ok: false; readonly message: string; readonly hint: string | null } => ({
  ok: false,
  message,
  hint,
});

export const MISSING = bad('is missing');

/** A value as it is shown in a message: short, on one line. */
export function shown(text: string): string {
  const line = text.replaceAll('\n', ' ');
  return `"${line.length > 60 ? `${line.slice(0, 60)}…` : line}"`;
}

/** The trap of this dialect: a key that is indented more than the line above it becomes a part of that value. */
export const continuationHint = (text: string): string | null =>
  text.includes('\n') ? 'the next line is indented more, so it continues this value' : null;
