import { readFile } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.js';

/** A runbook whose blocks of code are carried out as they stand there. */
export interface Runbook {
  /** The blocks under a heading, in order. Throws if there is no such heading, or if it has none. */
  section(heading: string): readonly Block[];
  readonly headings: readonly string[];
}

/** ```` ```sh on app1,app2 ````: lines to be typed on these hosts, one host after the other. */
export interface Block {
  readonly hosts: readonly string[];
  readonly lines: string;
  /** Line in the file. */
  readonly at: number;
}

export async function readRunbook(file: string): Promise<Runbook> {
  return parseRunbook(await readFile(file, 'utf8'));
}

function parseRunbook(text: string): Runbook {
  const sections = new Map<string, Block[]>();
  let current: Block[] = [];
  let open: { readonly hosts: readonly string[] | null; readonly lines: string[]; readonly at: number } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open !== null && fence?.[1] === '') {
      if (open.hosts !== null) current.push({ hosts: open.hosts, lines: open.lines.join('\n'), at: open.at });
      open = null;
    } else if (open !== null) open.lines.push(line);
    else if (fence !== null) open = { hosts: hostsOf(fence[1] ?? ''), lines: [], at: index + 1 };
    else if (/^#{2,} /.test(line)) sections.set(line.replace(/^#+ /, ''), (current = []));
  }
  return {
    headings: [...sections.keys()],
    section(heading) {
      const blocks = sections.get(heading);
      if (blocks === undefined || blocks.length === 0) throw new AppError('not-found', `the runbook has nothing to do under "${heading}"`);
      return blocks;
    },
  };
}

/** null: a block that is only looked at. */
const hostsOf = (info: string): string[] | null => /^sh on (\S+)$/.exec(info)?.[1]?.split(',') ?? null;
