import { describe, expect, it } from 'vitest';
import { complete, type World } from '../../../../../controller/ctl/completion/complete.js';
import { ACTIONS } from '../../../../../controller/ctl/typed/grammar.js';

const asked: string[] = [];
const world: World = {
  services: (file) => {
    asked.push(file);
    return Promise.resolve(['zeoclient1.1', 'zeoclient1.2', 'zeo', 'pound'].map((word) => ({ word, meaning: '' })));
  },
  operations: () => Promise.resolve([{ word: 'op-1', meaning: 'start, halted' }]),
};

const wordsFor = async (line: string): Promise<string[]> => {
  const { candidates } = await complete(line.split(' ').slice(1), ACTIONS, world);
  return candidates.map(({ word }) => word);
};

describe('completing a command line', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['ctl sta', ['start', 'status']],
    ['ctl oper', ['operations']],
    ['ctl operations ', ['list', 'show', 'resume', 'abort']],
    ['ctl operations resume ', ['op-1']],
    ['ctl start zeoc', ['zeoclient1.1', 'zeoclient1.2']],
    ['ctl start zeoclient1.1 p', ['pound']],
    ['ctl start -s zeoclient1.1,p', ['zeoclient1.1,pound']],
    ['ctl start -s zeoclient1.1, p', ['pound']],
    ['ctl -a start -s p', ['pound']],
    ['ctl -a ro', ['rotate']],
    ['ctl start --dr', ['--dry-run']],
    ['ctl -a start --dr', ['--dry-run']],
    ['ctl check --dr', []],
    ['ctl log --level WA', ['WARNING']],
    ['ctl log --level=WA', ['--level=WARNING']],
    ['ctl log st', ['stats']],
    ['ctl log stats zeoclient1.1', ['zeoclient1.1']],
    ['ctl completion ', ['bash', 'zsh', 'fish']],
    ['ctl start --timeout ', []],
    ['ctl nonsense ', []],
  ];
  it.each(cases)('%s', async (line, expected) => {
    expect(await wordsFor(line)).toEqual(expected);
  });

  it('offers files where a file belongs, and nothing else', async () => {
    expect(await complete(['check', '-c', ''], ACTIONS, world)).toEqual({ candidates: [], files: true });
    expect(await complete(['config', 'upgrade', ''], ACTIONS, world)).toEqual({ candidates: [], files: true });
  });

  it('asks for the services of the ini file that the line names', async () => {
    asked.length = 0;
    await wordsFor('ctl check -c other.ini p');
    expect(asked).toEqual(['other.ini']);
  });

  it('offers no action that nobody types', async () => {
    expect(await wordsFor('ctl comp')).toEqual(['completion']);
  });

  it('offers every option of an action by both its names, with its meaning', async () => {
    const { candidates } = await complete(['log', '-'], ACTIONS, world);
    expect(candidates.find(({ word }) => word === '-f')?.meaning).toMatch(/Ctrl-C/);
    expect(candidates.map(({ word }) => word)).toContain('--json');
  });
});
