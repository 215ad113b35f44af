import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../shared/errors.js';
import { createFakeControl, type FakeControlScript } from '../../../../support/fake-control.js';
import { jsonLines, type, type Seat, type Typed } from '../harness.js';

/** A roll that hangs on its second client until it is halted. */
async function stuckRoll(line = 'start --yes', typed: Typed = {}, script: FakeControlScript = {}) {
  const control = createFakeControl({ stuckOn: 'zeoclient1.2', ...script });
  const seat: Seat = type(line, { ...typed, control });
  await control.stuck;
  // The view has to have seen what the stream has said.
  while (!seat.out().includes('waiting for an HTTP answer') && !seat.err().includes('waiting for an HTTP answer')) await turn();
  return { control, seat };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a roll', () => {
  it('ends with the exit code of its result', async () => {
    expect(await type('start --yes', { control: createFakeControl() }).exit).toBe(0);
    expect(await type('start --yes', { control: createFakeControl({ failing: 'zeoclient1.2' }) }).exit).toBe(1);
  });

  it('reports each client, why it halted, the last log entry of the failed one and how to go on', async () => {
    const seat = type('start --yes', { control: createFakeControl({ failing: 'zeoclient1.2' }) });
    await seat.exit;
    const report = seat.out().slice(seat.out().indexOf('start HALTED'));
    expect(report).toBe(`start HALTED after 1:09: 1 done, 1 failed, 2 untouched
  zeoclient1.2 did not come back

  ✔ zeoclient1.1  done       36.3 s  out 120 ms · drain 2.1 s · stop 950 ms · start 29.8 s · check 84 ms · warm-up 3.1 s · in 130 ms
  ✘ zeoclient1.2  failed     33.0 s  no HTTP answer: expected a status below 400 within 300 s, got connection refused
  · zeoclient2.1  untouched
  · zeoclient2.2  untouched

  last log entry of zeoclient1.2:
  | 2024-09-25 16:47:49,760 ERROR   [Zope:42][MainThread] Couldn't install Products.Shop
  | Traceback (most recent call last):
  |   File "shop/__init__.py", line 3, in <module>
  | ImportError: No module named 'cart'

→ \`ctl operations resume op-1\` goes on with it, \`ctl operations abort op-1\` gives it up
`);
  });

  it('passes on what was asked for and by whom', async () => {
    const control = createFakeControl();
    await type('-a start -s zeoclient1.1, zeoclient1.2 --batch pool --max-fail 1 --deadline 60 --force', { control }).exit;
    expect(control.requests).toEqual([
      {
        action: 'start',
        selectors: ['zeoclient1.1', 'zeoclient1.2'],
        by: 'tester@here',
        force: true,
        oldForm: true,
        maxFail: 1,
        batch: 'pool',
        deadlineS: 60,
      },
    ]);
    expect(control.closed).toBe(true);
  });
});

describe('Ctrl-C', () => {
  it('halts, says what is being finished and goes on to the result', async () => {
    const { control, seat } = await stuckRoll();
    seat.press('interrupt');
    expect(await seat.exit).toBe(130);
    expect(control.calls).toEqual(['run start', 'halt op-1 interrupted']);
    expect(seat.err()).toBe(
      'finishing or putting back zeoclient1.2 (at most its start_deadline), then stopping; `ctl operations resume op-1` goes on later. Ctrl-C again leaves now.\n',
    );
    expect(seat.out()).toContain('start INTERRUPTED after 1:12: 2 done, 2 untouched');
  });

  it('names the ini file in what is to be typed next', async () => {
    const { seat } = await stuckRoll('start --yes -c /etc/ctl/cluster.ini');
    seat.press('interrupt');
    await seat.exit;
    expect(seat.err()).toContain('`ctl operations resume op-1 -c /etc/ctl/cluster.ini`');
  });

  it('twice detaches, and not before the halt has reached the controller', async () => {
    const { control, seat } = await stuckRoll();
    let arrive: () => void = () => undefined;
    control.halt = () => new Promise((resolve) => (arrive = resolve));
    seat.press('interrupt');
    seat.press('interrupt');
    for (let i = 0; i < 20; i++) await turn();
    expect(control.closed).toBe(false);
    arrive();
    expect(await seat.exit).toBe(130);
    expect(control.closed).toBe(true);
    expect(seat.err()).toContain('ctl: left: the controller halts op-1 as soon as the client in hand is safe\n');
    expect(seat.err()).toContain('`ctl operations show op-1 --follow` shows it');
  });

  it('says so if the controller could not be asked', async () => {
    const { control, seat } = await stuckRoll();
    control.halt = async () => {
      throw new Error('no link');
    };
    seat.press('interrupt');
    while (!seat.err().includes('could not ask')) await turn();
    seat.press('interrupt');
    expect(await seat.exit).toBe(130);
    expect(seat.err()).toContain('could not ask the controller to halt: halt: no link');
  });

  it('only ends the looking of somebody who looks on', async () => {
    const { control, seat } = await stuckRoll('operations show op-1 --follow');
    seat.press('interrupt');
    expect(await seat.exit).toBe(130);
    expect(control.calls).toEqual(['events op-1 follow']);
  });

  it('of an embedded roll halts it, and a second one waits for the end', async () => {
    const { control, seat } = await stuckRoll('start --yes', { address: null });
    const halt = control.halt.bind(control);
    let released = false;
    control.halt = async (...args) => {
      while (!released) await turn();
      return halt(...args);
    };
    seat.press('hangup');
    seat.press('interrupt');
    expect(seat.err()).toContain('cannot be left alone');
    released = true;
    expect(await seat.exit).toBe(130);
    expect(seat.out()).toContain('start INTERRUPTED');
  });

  it('of a check ends it', async () => {
    const seat = type('check', { control: createFakeControl({ deaf: true }) });
    await turn();
    seat.press('interrupt');
    expect(await seat.exit).toBe(130);
    expect(seat.err()).toBe('ctl: interrupted\n');
  });
});

describe('detaching', () => {
  it('by a hangup leaves the operation alone', async () => {
    const { control, seat } = await stuckRoll();
    seat.press('hangup');
    expect(await seat.exit).toBe(130);
    expect(control.calls).toEqual(['run start']);
    expect(seat.err()).toContain('the terminal has gone away: the controller goes on with op-1');
  });

  it('by a lost link says how to look again, exit 5', async () => {
    const seat = type('start --yes', { control: createFakeControl({ loseLinkAfter: 5 }) });
    expect(await seat.exit).toBe(5);
    expect(seat.err()).toBe(
      'ctl: the controller does not answer any more: the controller goes on with op-1\n  → `ctl operations show op-1 --follow` shows it\n',
    );
  });

  it('by a link that is lost before the first event does not claim that anything runs', async () => {
    const seat = type('start --yes', { control: createFakeControl({ loseLinkAfter: 0 }) });
    expect(await seat.exit).toBe(5);
    expect(seat.err()).toBe(
      'ctl: the controller does not answer any more, before the operation had begun\n  → `ctl operations list` says whether it began after all\n',
    );
  });

  it('by a controller that cannot reach an agent says what the controller said', async () => {
    const refuse = new AppError('unreachable', 'agent web1 is not connected (last seen 12 s ago)', {
      hint: 'nothing was touched. Is it running?',
    });
    const seat = type('restart', { control: createFakeControl({ refuse }) });
    expect(await seat.exit).toBe(5);
    expect(seat.err()).toBe('ctl: agent web1 is not connected (last seen 12 s ago)\n  → nothing was touched. Is it running?\n');
  });

  it('by --timeout leaves the operation alone, exit 5', async () => {
    const { control, seat } = await stuckRoll('start --yes --timeout 0.5');
    expect(await seat.exit).toBe(5);
    expect(control.calls).toEqual(['run start']);
    expect(seat.err()).toContain('ctl start took longer than 500 ms: the controller goes on with op-1');
  });

  it('by --timeout of an embedded roll halts it instead', async () => {
    const { control, seat } = await stuckRoll('start --yes --timeout 0.5', { address: null });
    expect(await seat.exit).toBe(130);
    expect(control.calls).toEqual(['run start', 'halt op-1 interrupted']);
  });

  it('ends the JSON stream with a result line', async () => {
    const seat = type('start --json', { control: createFakeControl({ loseLinkAfter: 5 }) });
    await seat.exit;
    expect(jsonLines(seat.out()).at(-1)).toEqual({
      type: 'result',
      schema: 1,
      action: 'start',
      exit: 5,
      operation: 'op-1',
      error: {
        code: 'unreachable',
        message: 'the controller does not answer any more: the controller goes on with op-1',
        hint: '`ctl operations show op-1 --follow` shows it',
      },
    });
  });
});
