import { exitOfError } from '../exit-codes.js';
import type { CtlDeps } from '../deps.js';
import { formatError } from '../format/error.js';
import { createLiveArea } from './live-area.js';
import { STEP_LABELS } from '../format/steps.js';
import { evolve, NO_PROGRESS, type MemberProgress, type Progress } from './progress.js';
import { formatResult, type CommandLine } from '../format/report.js';
import type { Style } from '../format/style.js';
import type { Cell } from '../format/table.js';
import { lengthOf, oneLine } from '../format/text.js';
import { formatClock, formatMs } from '../format/units.js';
import { createNewsFilter, type OperationView } from './view.js';

/** A line per client on a terminal, painted over twice a second; notes scroll by above it, the report takes its place at the end. */
export interface LiveOptions {
  readonly style: Style;
  readonly errStyle: Style;
  readonly command: CommandLine;
}

export function createLiveView(deps: Pick<CtlDeps, 'terminal' | 'clock'>, options: LiveOptions): OperationView {
  const { terminal, clock } = deps;
  const { style, errStyle, command } = options;
  const area = createLiveArea(terminal, style.glyphs.ellipsis);
  const closing = new AbortController();
  const isNews = createNewsFilter();
  let progress = NO_PROGRESS;
  let receivedAt = clock.now();

  // The controller's clock, carried on by ours: the two hosts need not agree on the time.
  const now = () => progress.lastAt + (clock.now() - receivedAt);
  const paint = () => {
    if (progress.operation !== null) area.paint(paintedLines(progress, now(), terminal.size().rows, style));
  };
  const tick = async () => {
    for (;;) {
      await clock.sleep(TICK_MS, closing.signal);
      paint();
    }
  };
  void tick().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });

  return {
    show(event) {
      progress = evolve(progress, event);
      receivedAt = clock.now();
      if (event.type === 'result') {
        closing.abort();
        area.clear();
        terminal.out(formatResult(event.result, style, command));
        return;
      }
      if (event.type === 'note' && isNews(event)) {
        const about = event.service === null ? '' : `${style.bold(oneLine(event.service))}: `;
        area.above(`${style.warn('!')} ${about}${oneLine(event.message)}\n`);
      }
      paint();
    },
    say(message) {
      area.above(`${style.bold(message)}\n`);
      paint();
    },
    fail(error) {
      closing.abort();
      area.clear();
      terminal.err(formatError(error, exitOfError(error.code), false, errStyle));
    },
    close: () => closing.abort(),
  };
}

const TICK_MS = 500;

/** The area for a screen of so many rows: a head, then a line per client; where they do not fit, those in hand and their neighbours. */
export function paintedLines(progress: Progress, now: number, rows: number, style: Style): Cell[][] {
  const members = [...progress.members];
  const width = Math.max(0, ...members.map(([name]) => lengthOf(oneLine(name))));
  const shown = chooseMembers(members, rows - HEAD_ROWS - 1);
  const lines = shown.map(([name, member]) => memberLine(name, member, width, now, style));
  const hidden = members.length - shown.length;
  const rest = hidden === 0 ? [] : [[{ text: `  ${style.glyphs.ellipsis} ${hidden} more`, paint: style.dim }]];
  return [head(progress, now, style), ...lines, ...rest];
}

const HEAD_ROWS = 2;

function head(progress: Progress, now: number, style: Style): Cell[] {
  const members = [...progress.members.values()];
  const count = (state: MemberProgress['state']) => members.filter((one) => one.state === state).length;
  const failed = count('failed');
  return [
    { text: `${progress.action ?? 'operation'} `, paint: style.bold },
    { text: `${progress.operation ?? ''}  `, paint: style.dim },
    { text: `${count('done')} of ${members.length} done  ` },
    { text: failed === 0 ? '' : `${failed} failed  `, paint: style.bad },
    { text: formatClock((now - progress.startedAt) / 1000), paint: style.bold },
  ];
}

function memberLine(name: string, member: MemberProgress, width: number, now: number, style: Style): Cell[] {
  const { glyphs } = style;
  const looks: Record<MemberProgress['state'], { glyph: string; word: string; paint: (text: string) => string }> = {
    waiting: { glyph: glyphs.waiting, word: 'waiting', paint: style.dim },
    active: { glyph: glyphs.active, word: member.step === null ? '' : STEP_LABELS[member.step], paint: style.warn },
    done: { glyph: glyphs.done, word: 'done', paint: style.good },
    failed: { glyph: glyphs.failed, word: 'failed', paint: style.bad },
    skipped: { glyph: glyphs.skipped, word: 'skipped', paint: style.dim },
  };
  const { glyph, word, paint } = looks[member.state];
  const plain = oneLine(name);
  const elapsed = member.since === null ? '' : formatClock(((member.endedAt ?? now) - member.since) / 1000);
  const inStep = member.state === 'active' ? ` (${formatClock((now - member.stepSince) / 1000)})` : '';
  const trail = member.finished.flatMap(({ step, ms }) =>
    ms === null || ms < WORTH_SHOWING_MS ? [] : [`${STEP_LABELS[step]} ${formatMs(ms)}`],
  );
  const detail = member.detail === null || member.state === 'waiting' ? '' : oneLine(member.detail);
  return [
    { text: `  ${glyph} ${plain}${' '.repeat(width - lengthOf(plain))}  `, paint },
    { text: `${word}${inStep}`.padEnd(STATE_WIDTH), paint: member.state === 'active' ? style.bold : paint },
    { text: elapsed.padStart(6) },
    { text: detail === '' ? '' : `  ${detail}` },
    { text: trail.length === 0 ? '' : `  ${trail.join(` ${glyphs.dot} `)}`, paint: style.dim },
  ];
}

const STATE_WIDTH = 15;
/** Shorter steps are in the report at the end; here there is one line for each client. */
const WORTH_SHOWING_MS = 500;

/** Those in hand and failed ones first, then who is next, then who was last; in their order. */
function chooseMembers<T extends readonly [string, MemberProgress]>(members: readonly T[], room: number): readonly T[] {
  if (members.length <= room) return members;
  const of = (...states: MemberProgress['state'][]) => members.filter(([, one]) => states.includes(one.state));
  const ranked = [...of('active'), ...of('failed'), ...of('waiting'), ...of('done', 'skipped').reverse()];
  const chosen = new Set(ranked.slice(0, Math.max(1, room - 1)));
  return members.filter((one) => chosen.has(one));
}
