import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEventBuffer, type EventBuffer } from '../../../../agent/events/event-buffer.js';
import { createProcesses, type ServiceManager } from '../../../../agent/services/index.js';
import { startWatch, type Watch } from '../../../../agent/watch/watch.js';
import { createLogger } from '../../../../shared/log.js';
import type { AgentEvent } from '../../../../shared/model/agent-event.js';
import type { ProcessState } from '../../../../shared/model/process.js';
import { systemClock } from '../../../../shared/ports/clock.js';
import { aService } from '../../../contract/agent-api/fake-agent.js';

let folder = '';
let path = '';
let buffer: EventBuffer;
const watches: Watch[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watch-'));
  path = join(folder, 'event.log');
  await writeFile(path, '');
  buffer = await openEventBuffer(folder);
});
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch.stop();
  await buffer.close();
  await rm(folder, { recursive: true, force: true });
});

const manager: ServiceManager = {
  state: async () => ({ state: 'down', why: 'nothing runs here', failed: false }),
  start: () => Promise.reject(new Error('nobody starts anything')),
  stop: () => Promise.reject(new Error('nobody stops anything')),
};
const allow = { service: () => undefined, path: () => undefined, action: () => undefined };
const line = (text: string) => `2024-09-25 16:47:17,760 CRITICAL [x] ${text}\n`;
const told = (): readonly AgentEvent[] => buffer.oldest(1000);
const texts = () => told().map((event) => (event.kind === 'died' ? event.why : event.entry.text.replace(/^.*\[x\] /, '')));
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });

async function watch(of = manager): Promise<Watch> {
  const log = createLogger({ name: 'test', level: 'silent' });
  const deps = { clock: systemClock, log, allow, manager: of, processes: createProcesses(), events: buffer };
  const started = await startWatch({ ...deps, stateDir: folder, platform: process.platform });
  watches.push(started);
  const spec = { file: path, readyPattern: '', criticalPattern: 'CRITICAL', ignorePattern: '' };
  started.assign([{ ...aService('zope'), pidFile: undefined, log: spec }]);
  return started;
}

/** From the first byte of the log on, whenever it gets to read it. */
async function watching(): Promise<Watch> {
  const { dev, ino } = await stat(path);
  const place = { dev, ino, offset: 0, mark: '', at: systemClock.now() };
  await writeFile(join(folder, 'log-places.json'), JSON.stringify({ [`zope ${path}`]: place }));
  return watch();
}

describe('what an agent watches', () => {
  it('is told with the service, the file and the time', async () => {
    await watching();
    await appendFile(path, line('bad'));
    await eventually(() => expect(told()).toHaveLength(1));
    expect(told()).toMatchObject([
      {
        service: 'zope',
        kind: 'critical-entry',
        file: path,
        entry: { time: '2024-09-25 16:47:17,760', level: 'CRITICAL', text: line('bad').trim() },
      },
    ]);
  });

  it('does not flood whoever hears of it: the rest of a storm is the last entry with a number', async () => {
    const started = await watching();
    await appendFile(path, Array.from({ length: 500 }, (_, n) => line(`storm ${n}`)).join('') + line('calm').replace('CRITICAL', 'INFO'));
    await eventually(() => expect(told()).toHaveLength(20));
    await started.stop();
    expect(told()).toHaveLength(21);
    expect(told().at(-1)?.omitted).toBe(479);
  });

  it.skipIf(process.platform !== 'linux')('tells of a death with the last entry of its log', async () => {
    const child = spawn('sleep', ['60']);
    const gone = once(child, 'exit');
    try {
      const facts = await createProcesses().inspect(child.pid ?? 0);
      if (typeof facts === 'string') throw new Error(facts);
      let asked = 0;
      const state = async (): Promise<ProcessState> =>
        asked++ === 0 ? { state: 'running', process: facts.id, startedAt: 0 } : { state: 'down', why: 'killed', failed: false };
      await watch({ ...manager, state });
      await eventually(() => expect(asked).toBe(1));
      await writeFile(path, `2024-09-25 16:47:16,760 INFO [x] well\n2024-09-25 16:47:17,760 ERROR [x] bad\nTraceback\n`);
      child.kill('SIGKILL');
      await gone;
      await eventually(() => expect(told()).toHaveLength(1));
      expect(told()).toMatchObject([{ kind: 'died', lastEntry: '2024-09-25 16:47:17,760 ERROR [x] bad\nTraceback' }]);
    } finally {
      child.kill('SIGKILL');
      await gone;
    }
  });

  it('has the same id when it is read again after a crash', async () => {
    const places = join(folder, 'log-places.json');
    const first = await watching();
    await first.stop();
    await copyFile(places, `${places}.before`);
    const second = await watch();
    await appendFile(path, line('one') + line('two'));
    await eventually(() => expect(texts()).toEqual(['one', 'two']));
    const ids = told().map(({ id }) => id);
    await second.stop();
    // The place was not written any more.
    await copyFile(`${places}.before`, places);
    await watch();
    await appendFile(path, line('three'));
    await eventually(() => expect(texts()).toEqual(['one', 'two', 'three']));
    expect(
      told()
        .map(({ id }) => id)
        .slice(0, -1),
    ).toEqual(ids);
  });
});
