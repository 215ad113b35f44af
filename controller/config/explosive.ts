import type recheckModule from 'recheck/lib/browser.js';
import type { IniDocument, IniEntry, Problem } from '../../shared/ini/ini.js';
import { splitFlags } from '../../shared/pattern.js';
import { placeOfEntry } from './reader.js';
import { ANY_KEYS } from './schema/schema.js';
import { pattern } from './values/patterns.js';
import { shown } from './values/value-type.js';

/**
 * Warns of patterns that a single long line of a log can keep busy without end. What could not be judged within the time is not
 * complained about. Dear where there is a pattern with repetitions: about a second.
 */
export async function explosivePatterns(document: IniDocument): Promise<Problem[]> {
  const written = patternsOf(document).filter(({ value }) => /[*+{]/.test(value));
  if (written.length === 0) return [];
  const { default: recheck } = await import('recheck/lib/browser.js');
  const verdicts = new Map<string, string | null>();
  const deadline = performance.now() + TOTAL_MS;
  for (const { value } of written) {
    if (verdicts.has(value) || performance.now() > deadline) continue;
    const { flags, body } = splitFlags(value);
    verdicts.set(value, verdictOf(recheck.checkSync(body, flags, { timeout: PATTERN_MS })));
  }
  return written.flatMap(({ entry, value }): Problem[] => {
    const verdict = verdicts.get(value) ?? null;
    if (verdict === null) return [];
    const message = `${shown(value)} ${verdict}`;
    return [
      {
        severity: 'warning',
        file: document.file,
        ...placeOfEntry(entry),
        message,
        hint: 'repeat nothing that repeats itself, leave out .*',
      },
    ];
  });
}

const PATTERN_MS = 3_000;
const TOTAL_MS = 8_000;

const PATTERN_KEYS = Object.values(ANY_KEYS).filter((key) => key.type === pattern);

function patternsOf(document: IniDocument): { readonly entry: IniEntry; readonly value: string }[] {
  return [document.defaults, ...document.sections.values()].flatMap((section) =>
    PATTERN_KEYS.flatMap(({ key }) => {
      const found = section.own.has(key) ? section.get(key) : undefined;
      const parsed = found?.ok === true ? pattern.parse(found.text, '') : null;
      return found === undefined || parsed?.ok !== true ? [] : [{ entry: found.entry, value: parsed.value }];
    }),
  );
}

/** A square of the length is what any `.*` costs: lines are cut before that matters. */
function verdictOf({ status, complexity }: ReturnType<typeof recheckModule.checkSync>): string | null {
  if (status !== 'vulnerable') return null;
  if (complexity?.type === 'exponential') return 'can take for ever on a single line';
  const degree = complexity?.degree ?? 0;
  return degree < 3 ? null : `takes long on long lines: its time grows with their length to the power of ${degree}`;
}
