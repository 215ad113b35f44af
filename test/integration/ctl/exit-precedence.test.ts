import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endProcessesOf } from '../../../deploy/demo/leftovers.js';
import { acquireLock } from '../../../controller/rolling/lock.js';
import { identifyProcess } from '../../../shared/ports/process-identity.js';
import { builtCtl, type Seat } from '../../support/built-ctl.js';

const PROGRAMS = join(import.meta.dirname, '../../fixtures/programs');
const built = builtCtl();
let seat: Seat;

/** One client comes up, and its log is nowhere: unknown. The other one never does. No daemon: ctl does it all by itself. */
beforeAll(async () => {
  seat = await built.seat();
  const client = (name: string, port: number, start: string) => `[${name}]
type = ZeoClient
machine = ${hostname()}
ip = 127.0.0.1
port = ${port}
pool = 1
service_name = ${name}
service_manager = command
log_file = ${seat.folder}/${name}.log
[command ${name}]
start = ${process.execPath} ${start}
`;
  const [good, bad] = [await seat.freePort(), await seat.freePort()];
  const ini = `[DEFAULT]
start_deadline = 20
stop_deadline = 10
[cluster]
zeoclients = good, bad
${client('good', good, `${PROGRAMS}/answers.mjs ${good} ${seat.folder}`)}
${client('bad', bad, `${PROGRAMS}/fails.mjs`)}`;
  await writeFile(join(seat.folder, 'cluster.ini'), ini);
});
afterAll(async () => {
  await endProcessesOf(seat.folder);
  await seat[Symbol.asyncDispose]();
});

async function typed(line: string): Promise<{ exit: unknown; text: string }> {
  const run = seat.type(...line.split(' '));
  const exit = await run.end;
  return { exit, text: run.out() + run.err() };
}

it('of several that hold at once the worst is told', async () => {
  const said = async (line: string) => (await typed(line)).exit;
  // A failure within --max-fail, and a log that nobody can read.
  expect(await typed('-a start --max-fail 1')).toMatchObject({ exit: 3, text: expect.stringMatching(/1 done, 1 failed/) as string });
  expect(await said('check good'), 'unknown').toBe(5);
  expect(await said('check'), 'critical and unknown').toBe(1);
  expect(await said('check --json'), 'critical and unknown').toBe(1);
  expect(await said('status'), 'as it was seen').toBe(1);
  expect(await said('mem good'), 'known').toBe(0);
  expect(await said('restart bad'), 'halted').toBe(1);
  expect(await said('check nobody'), 'refused').toBe(2);
  expect(await said('repair --explain'), 'critical and unknown').toBe(1);

  const lease = await acquireLock(join(seat.folder, 'ctl.lock'), { what: 'op-0', by: 'alice@web1' }, { identify: identifyProcess });
  try {
    expect(await typed('-a start -r')).toMatchObject({ exit: 4, text: expect.stringContaining('op-0 by alice@web1') as string });
    expect(await said('restart nobody'), 'refused, and locked').toBe(2);
  } finally {
    await lease.release();
  }
  expect(await said('-a stop'), 'the one that runs').toBe(0);
});
