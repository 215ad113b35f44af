import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseArgs } from '../../../controller/ctl/typed/args.js';

const root = join(import.meta.dirname, '../../..');
const read = (name: string) => readFile(join(root, name), 'utf8');
const text = await read('README.md');
const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
const blocks = [...text.matchAll(/^ *```\n(.*?)^ *```$/gms)].flatMap(([, block = '']) => block.split('\n'));
const lines = blocks.map((line) => line.replace(/^ *(\$ )?/, '').replace(/ +#.*/, ''));
const typed = [...new Set([...spans, ...lines])];

describe('the README', () => {
  it.each(typed.filter((line) => line.startsWith('ctl ') && !line.includes('…')))('tells what ctl understands: %s', (line) => {
    const words = line.replace('NAME', 'zeoclient1.1').match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
    expect(() => parseArgs(words.slice(1), '')).not.toThrow();
  });

  it('names scripts that there are', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    const named = typed.flatMap((line) => /^npm run ([\w:]+)/.exec(line)?.[1] ?? []);
    expect(named).toContain('demo');
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names files that there are, and folders', () => {
    const named = [...spans, ...[...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path)]
      .filter((path) => /^[\w.-]+\/[\w./-]+$/.test(path) && !path.includes('NAME'))
      .filter((path) => /^(agent|controller|shared|proto|test|deploy)\//.test(path));
    expect(named).toContain('agent/balancers/index.ts');
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
