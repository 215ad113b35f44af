import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CriticalEntry } from '../../../../agent/logs/index.js';
import { createLogWatch, type LogWatch } from '../../../../agent/watch/log-watch.js';
import { createLogger } from '../../../../shared/log.js';
import type { ServiceSpec } from '../../../../shared/model/service.js';
import { systemClock } from '../../../../shared/ports/clock.js';
import { aService } from '../../../contract/agent-api/fake-agent.js';

let folder = '';
let path = '';
let found: CriticalEntry[] = [];
let lines: { readonly level: string; readonly msg: string }[] = [];
const watches: LogWatch[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watch-'));
  path = join(folder, 'event.log');
  found = [];
  lines = [];
});
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch.stop();
  await rm(folder, { recursive: true, force: true });
});

const aSpec = (more: Partial<ServiceSpec['log']> = {}): ServiceSpec => ({
  ...aService('zope'),
  pidFile: undefined,
  log: { file: path, readyPattern: '', criticalPattern: 'CRITICAL|MemoryError', ignorePattern: 'harmless', ...more },
});
const allow = { service: () => undefined, path: () => undefined, action: () => undefined };
const line = (text: string, level = 'CRITICAL') => `2024-09-25 16:47:17,760 ${level} [x] ${text}\n`;
const texts = () => found.map(({ entry }) => entry.text.replace(/^.*\[x\] /, ''));
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 });

async function watch(specs: readonly ServiceSpec[] = [aSpec()]): Promise<LogWatch> {
  const log = createLogger({ name: 'test', write: (text) => lines.push(JSON.parse(text) as (typeof lines)[number]) });
  const onEntry = async (_: string, entry: CriticalEntry) => void found.push(entry);
  const logs = await createLogWatch({ clock: systemClock, log, allow, stateDir: folder, onEntry });
  watches.push(logs);
  logs.assign(specs);
  return logs;
}

/** Has read the log up to a first entry of its own. */
async function watching(specs?: readonly ServiceSpec[]): Promise<LogWatch> {
  const logs = await watch(specs);
  // Whether it comes before or behind the beginning cannot be known: so another one, until one is seen.
  await eventually(() => {
    void appendFile(path, line('begun'));
    expect(texts()).toContain('begun');
  });
  return logs;
}

const others = () => texts().filter((text) => text !== 'begun');

describe('a watched log', () => {
  it('has its critical entries told, whole and once; not what stood there before, is ignored, or not critical', async () => {
    await writeFile(path, line('old'));
    await watching();
    await appendFile(path, line('fine', 'INFO') + line('Traceback\n  File "x"\nMemoryError', 'ERROR') + line('harmless') + line('bad'));
    await eventually(() => expect(others()).toEqual(['Traceback\n  File "x"\nMemoryError', 'bad']));
    const [entry] = found.filter(({ entry: { text } }) => text.endsWith('bad'));
    expect(entry).toMatchObject({
      entry: { time: '2024-09-25 16:47:17,760', level: 'CRITICAL', text: '2024-09-25 16:47:17,760 CRITICAL [x] bad' },
      file: path,
    });
  });

  it('is watched from its first byte where it comes later', async () => {
    const later = join(folder, 'later.log');
    await writeFile(path, '');
    await watching([{ ...aSpec({ file: later }), name: 'later' }, aSpec()]);
    await writeFile(later, line('first'));
    await eventually(() => expect(others()).toEqual(['first']));
  });

  it('is watched from its first byte where it comes while the agent is down', async () => {
    const later = join(folder, 'later.log');
    const specs = [{ ...aSpec({ file: later }), name: 'later' }, aSpec()];
    await writeFile(path, '');
    const logs = await watching(specs);
    await logs.stop();
    await writeFile(later, line('first'));
    await watch(specs);
    await eventually(() => expect(others()).toEqual(['first']));
  });

  it('has what was written while the agent was down told once', async () => {
    await writeFile(path, '');
    const logs = await watching();
    await appendFile(path, line('before'));
    await eventually(() => expect(others()).toEqual(['before']));
    await logs.stop();
    await appendFile(path, line('meanwhile'));
    await watch();
    await eventually(() => expect(others()).toEqual(['before', 'meanwhile']));
    await appendFile(path, line('after'));
    await eventually(() => expect(others()).toEqual(['before', 'meanwhile', 'after']));
  });

  it('has what was rotated away while the agent was down told too', async () => {
    await writeFile(path, '');
    const logs = await watching();
    await appendFile(path, line('before'));
    await eventually(() => expect(others()).toEqual(['before']));
    await logs.stop();
    await appendFile(path, line('rotated'));
    await rename(path, `${path}.1`);
    await writeFile(path, line('new'));
    await watch();
    await eventually(() => expect(others().sort()).toEqual(['before', 'new', 'rotated']));
  });

  it('is read from its beginning where it was emptied while the agent was down', async () => {
    await writeFile(path, '');
    const logs = await watching();
    await logs.stop();
    await truncate(path);
    await appendFile(path, line('new'));
    await watch();
    await eventually(() => expect(others()).toEqual(['new']));
  });

  it('stays watched without a gap when the services are assigned anew, and not when another has it', async () => {
    await writeFile(path, '');
    const logs = await watching();
    await appendFile(path, line('one'));
    logs.assign([aSpec()]);
    await appendFile(path, line('two'));
    await eventually(() => expect(others()).toEqual(['one', 'two']));
    logs.assign([aSpec({ criticalPattern: 'ERROR' })]);
    await appendFile(path, line('three', 'ERROR'));
    await eventually(() => expect(others()).toEqual(['one', 'two', 'three']));
  });

  it('that cannot be read is told in the log of the agent, and the others are watched', async () => {
    await writeFile(path, '');
    const directory = { ...aSpec({ file: folder }), name: 'broken' };
    await watching([directory, aSpec()]);
    expect(lines).toMatchObject([{ level: 'warn', msg: 'the log of broken is not watched' }]);
  });

  it('is not begun anew where the file of the places is damaged', async () => {
    const places = join(folder, 'log-places.json');
    await writeFile(places, '{"a":1}');
    await expect(watch()).rejects.toMatchObject({
      code: 'failed',
      message: `${places} is damaged`,
      hint: 'move it away: logs are then watched from their ends on',
    });
  });
});
