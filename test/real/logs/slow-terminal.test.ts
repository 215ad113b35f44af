import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { childrenOf } from '../../support/children.js';
import { testClusters } from '../../support/real-cluster.js';
import { appendZopeLog } from '../../support/zope-log.js';

const ctlProgram = join(import.meta.dirname, '../../../dist/ctl.js');

/** The ripgreps of the agent. */
async function searching(cluster: Cluster): Promise<number[]> {
  const children = await childrenOf(cluster.program('app').pid);
  const names = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return children.filter((_, at) => names[at]?.trim() === 'rg');
}

const readBytesOf = async (pid: number): Promise<number> => Number(/rchar: (\d+)/.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);

/** What each has read when it reads no more. */
async function heldAt(pids: readonly number[]): Promise<number[]> {
  for (let before = ''; ;) {
    const read = await Promise.all(pids.map(readBytesOf));
    if (read.join() === before) return read;
    before = read.join();
    await delay(300);
  }
}

describe('ctl log whose output nobody reads', () => {
  const start = testClusters();

  it('holds the searches on the hosts, and Ctrl-C ends them there', async () => {
    const cluster = await start({ clients: 2, pools: 1, zope: null, pound: null, signal: AbortSignal.timeout(120_000) });
    const logs = cluster.plan.clients.map(({ logFile }) => logFile);
    for (const log of logs) await appendZopeLog(log, { bytes: 100 * 1024 * 1024, seed: 3 });
    await cluster.startControl();
    const ini = join(cluster.plan.folder, 'cluster.ini');
    const ctl = spawn(process.execPath, [ctlProgram, '-c', ini, 'log', '--all', '-p', 'took'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(ctl.stdout, 'readable');
      while ((await searching(cluster)).length < logs.length) await delay(10);
      const read = await heldAt(await searching(cluster));
      expect(read).toHaveLength(logs.length);
      expect(Math.max(...read)).toBeLessThan((await stat(logs[0] ?? '')).size / 2);
      ctl.kill('SIGINT');
      while ((await searching(cluster)).length > 0) await delay(10);
      ctl.stdout.resume();
      expect(await once(ctl, 'exit')).toEqual([130, null]);
    } finally {
      ctl.kill('SIGKILL');
    }
  });
});
