/** Words of a line and what is wrong with it; never a shell: no variables, no escapes, a backslash is plain. */
type Words = { readonly ok: true; readonly words: readonly string[] } | { readonly ok: false; readonly why: string };

/** Splits a command on blanks; double quotes group. `separators` are further characters that end a word. */
export function splitWords(text: string, separators = ''): Words {
  const words: string[] = [];
  let word: string | null = null;
  let quoted = false;
  for (const char of text) {
    if (char === '"') {
      quoted = !quoted;
      word ??= '';
    } else if (!quoted && (/\s/.test(char) || separators.includes(char))) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (quoted) return { ok: false, why: 'a double quote is not closed' };
  if (word !== null) words.push(word);
  return { ok: true, words };
}
