import { describe, expect, it } from 'vitest';
import type { OperationEvent } from '../../../../../shared/model/operation.js';
import { createLiveArea } from '../../../../../controller/ctl/operation/live-area.js';
import { paintedLines } from '../../../../../controller/ctl/operation/live-view.js';
import { evolve, inHand, NO_PROGRESS } from '../../../../../controller/ctl/operation/progress.js';
import { createStyle } from '../../../../../controller/ctl/format/style.js';
import { createFakeControl } from '../../../../support/fake-control.js';
import { FAKE_NOW } from '../../../../support/well-cluster.js';
import { type } from '../harness.js';

const style = createStyle({ color: false, unicode: true });

/** A terminal of so many columns that understands what the live area uses: line ends, wrapping, cursor up, erase below. */
function createScreen(columns: number, rows = 24) {
  let lines: string[] = [''];
  let row = 0;
  const size = { columns, rows };
  const put = (char: string) => {
    if ((lines[row] ?? '').length >= size.columns) lines[++row] ??= '';
    lines[row] = `${lines[row] ?? ''}${char}`;
  };
  return {
    size,
    lines: () => lines.filter((line, i) => line !== '' || i < lines.length - 1),
    write(text: string) {
      for (let i = 0; i < text.length; i++) {
        const escape = text.startsWith('\x1b[', i) ? /^\d*[AJ]/.exec(text.slice(i + 2))?.[0] : undefined;
        if (escape?.endsWith('A') === true) row = Math.max(0, row - Number.parseInt(escape, 10));
        else if (escape === 'J') lines = [...lines.slice(0, row), ''];
        else if (text[i] === '\n') lines[++row] ??= '';
        else if (text[i] !== '\r') put(text.charAt(i));
        i += escape === undefined ? 0 : escape.length + 1;
      }
    },
  };
}

const terminalOf = (screen: ReturnType<typeof createScreen>) => ({
  out: (text: string) => screen.write(text),
  drained: async () => undefined,
  err: () => undefined,
  live: true,
  canAsk: false,
  color: { out: false, err: false },
  unicode: true,
  size: () => screen.size,
  ask: async () => '',
});

describe('the live area', () => {
  const lines = (...texts: string[]) => texts.map((text) => [{ text }]);

  it('paints over itself and leaves what is written above it', () => {
    const screen = createScreen(40);
    const area = createLiveArea(terminalOf(screen), '…');
    area.paint(lines('one', 'two'));
    area.above('note\n');
    area.paint(lines('three'));
    expect(screen.lines()).toEqual(['note', 'three']);
    area.clear();
    expect(screen.lines()).toEqual(['note']);
  });

  it('never fills a row, so that no line wraps', () => {
    const screen = createScreen(10);
    const area = createLiveArea(terminalOf(screen), '…');
    area.paint([[{ text: 'abcdef' }, { text: 'ghijklmn' }]]);
    expect(screen.lines()).toEqual(['abcdefgh…']);
    area.paint(lines('x'));
    expect(screen.lines()).toEqual(['x']);
  });

  it('erases what a terminal that was made narrower has wrapped', () => {
    let screen = createScreen(30);
    const terminal = { ...terminalOf(screen), out: (text: string) => screen.write(text), size: () => screen.size };
    const area = createLiveArea(terminal, '…');
    area.paint(lines('a'.repeat(25), 'b'));
    screen = createScreen(10);
    screen.write(`before\n${'a'.repeat(25)}\nb\n`);
    area.paint(lines('c'));
    expect(screen.lines()).toEqual(['before', 'c']);
  });

  it('stays within the rows of the terminal', () => {
    const screen = createScreen(40, 4);
    createLiveArea(terminalOf(screen), '…').paint(lines('1', '2', '3', '4', '5'));
    expect(screen.lines()).toEqual(['1', '2', '3']);
  });
});

describe('progress', () => {
  const begin = (service: string, step: 'out' | 'start' | 'back' | 'in', state: 'begin' | 'end' = 'begin'): OperationEvent => ({
    type: 'step',
    operation: 'op-1',
    service,
    step,
    state,
    at: FAKE_NOW,
    ms: state === 'end' ? 1000 : null,
    detail: null,
  });

  it('knows which clients are in hand', () => {
    const events = [begin('a', 'out'), begin('a', 'in', 'end'), begin('b', 'start'), begin('c', 'back', 'end')];
    const progress = events.reduce(evolve, NO_PROGRESS);
    expect(inHand(progress)).toEqual(['b']);
    expect([...progress.members].map(([name, one]) => `${name} ${one.state}`)).toEqual(['a done', 'b active', 'c failed']);
  });

  it('shows the clients in hand and their neighbours where not all have room', () => {
    const names = Array.from({ length: 30 }, (_, i) => `c${i}`);
    const plan = names.map((service) => ({ step: 'in' as const, service, batch: 1, pool: 1, detail: null }));
    const started: OperationEvent = { type: 'started', operation: 'op-1', action: 'start', at: FAKE_NOW, plan };
    const done = names.slice(0, 12).map((name) => begin(name, 'in', 'end'));
    const progress = [started, ...done, begin('c12', 'start')].reduce(evolve, NO_PROGRESS);
    const shown = paintedLines(progress, FAKE_NOW, 8, style).map((line) => line.map((cell) => cell.text).join(''));
    expect(shown).toHaveLength(6);
    expect(shown.join('\n')).toContain('▶ c12');
    expect(shown.join('\n')).toContain('· c13');
    expect(shown.at(-1)).toBe('  … 26 more');
  });
});

it('a roll on a terminal ends with the report alone on the screen, notes above it', async () => {
  const screen = createScreen(60);
  const seat = type('start --yes', { control: createFakeControl({ failing: 'zeoclient1.2' }), live: true, columns: 60 });
  await seat.exit;
  screen.write(seat.out());
  expect(screen.lines()[0]).toBe('start HALTED after 1:09: 1 done, 1 failed, 2 untouched');
  expect(seat.out()).toContain('▶ zeoclient1.2');
});
