/** Something wrong in a file that an operator wrote. A file with an error is not used; one with warnings is. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** As the operator named it. */
  readonly file: string;
  /** null: the file as a whole. */
  readonly line: number | null;
  readonly section: string | null;
  readonly key: string | null;
  readonly message: string;
  /** What to write instead, without brackets: `did you mean "port"?`. */
  readonly hint: string | null;
}

/** `cluster.ini:12: [zeoclient1.1] prot: unknown key (did you mean "port"?)`, without the parts that the problem does not have. */
export function formatProblem(problem: Problem): string {
  const { file, line, section, key, message, hint } = problem;
  const place = line === null ? file : `${file}:${line}`;
  const names = [...(section === null ? [] : [`[${section}]`]), ...(key === null ? [] : [`${key}:`])].join(' ');
  return `${place}: ${names === '' ? '' : `${names} `}${message}${hint === null ? '' : ` (${hint})`}`;
}

export const hasErrors = (problems: readonly Problem[]): boolean => problems.some((problem) => problem.severity === 'error');

/**
 * In the order of the file; the same problem seen twice (an inherited value, read for two sections) is told once. Of more than 1000 the
 * rest is told as one: a file of another kind is wrong on every line.
 */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const told = new Set<string>();
  const once = problems.filter((problem) => {
    const text = formatProblem(problem);
    return !told.has(text) && told.add(text);
  });
  const sorted = once.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  const rest = sorted.splice(MAX_PROBLEMS, sorted.length);
  const first = rest[0];
  if (first === undefined) return sorted;
  const severity = hasErrors(rest) ? 'error' : 'warning';
  return [...sorted, { ...first, severity, section: null, key: null, message: 'there are more problems from here on', hint: null }];
}

const MAX_PROBLEMS = 1000;
