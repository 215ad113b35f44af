import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../../../../controller/config/load.js';
import { watchCluster, type WatchedConfig } from '../../../../controller/config/watch.js';
import { systemClock } from '../../../../shared/ports/clock.js';
import { recordedLog } from '../../../contract/agent-api/linked.js';

const INI = `[DEFAULT]
timeout = 10
[controller]
address = 127.0.0.1:7400
[cluster]
zeoclients = c1
[connect]
login = admin
passwd_file = secret
[c1]
type = ZeoClient
ip = 127.0.0.1
port = 8081
`;

let folder: string;
let file: string;
const watched: WatchedConfig[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-watch-'));
  file = join(folder, 'cluster.ini');
  await writeFile(join(folder, 'secret'), 'first\n', { mode: 0o600 });
  await writeFile(file, INI);
});
afterEach(async () => {
  await Promise.all(watched.splice(0).map((one) => one.stop()));
  await rm(folder, { recursive: true, force: true });
});

/** Looks when it is told to, or when the system says that the file changed: hardly ever by itself. */
async function follow(pollMs = 3_600_000) {
  const { config, document } = await loadCluster(file);
  if (config === null) throw new Error('the file is not well');
  const { log, lines } = recordedLog();
  const source = watchCluster({ clock: systemClock, log, env: {} }, { file, loaded: { config, document }, pollMs, settleMs: 1 });
  watched.push(source);
  const timeouts: number[] = [];
  source.subscribe((changed) => timeouts.push(changed.clients[0]?.timeoutMs ?? 0));
  await source.look();
  timeouts.splice(0);
  return { source, timeouts, logged: (level: string) => lines.filter((line) => line.level === level).map(({ msg }) => msg) };
}

/** In one stroke: half of a file is a change, too. */
async function replace(text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

const withTimeout = (seconds: number) => INI.replace('timeout = 10', `timeout = ${seconds}`);

describe('a good change', () => {
  it('becomes what the controller goes by, and is told', async () => {
    const { source, timeouts, logged } = await follow();
    await writeFile(file, withTimeout(20));
    await source.look();
    expect(source.current().clients[0]?.timeoutMs).toBe(20_000);
    expect(timeouts).toEqual([20_000]);
    expect(logged('info')).toEqual([`${file} was changed: taken over`]);
    expect(source.warnings()).toEqual([]);
  });

  it('is told once, however often it is looked at', async () => {
    const { source, timeouts } = await follow();
    await replace(withTimeout(20));
    await Promise.all([source.look(), source.look()]);
    await replace(withTimeout(20));
    await source.look();
    expect(timeouts).toEqual([20_000]);
  });

  it('may be one of the password, in the file that holds it', async () => {
    const { source } = await follow();
    await writeFile(join(folder, 'secret'), 'second\n');
    await source.look();
    expect(source.current().connect.passwd.reveal()).toBe('second');
  });

  it('may be that a link leads elsewhere', async () => {
    await rename(file, join(folder, 'one.ini'));
    await writeFile(join(folder, 'two.ini'), withTimeout(30));
    await symlink('one.ini', file);
    const { source } = await follow();
    await rm(file);
    await symlink('two.ini', file);
    await source.look();
    expect(source.current().clients[0]?.timeoutMs).toBe(30_000);
  });
});

describe('a bad change', () => {
  it('is refused loudly, and the version before stays', async () => {
    const { source, timeouts, logged } = await follow();
    await writeFile(file, withTimeout(20).replace('8081', 'x').replace('ip = 127.0.0.1', 'ip = 1.2.3.999'));
    await source.look();
    expect(source.current().clients[0]?.timeoutMs).toBe(10_000);
    expect(timeouts).toEqual([]);
    const warning =
      /^\S+cluster\.ini was changed at \S+Z and has 2 errors; the controller goes on with the version of \S+Z: ctl config check$/;
    expect(source.warnings()).toEqual([expect.stringMatching(warning)]);
    expect(logged('error')).toEqual(source.warnings());
  });

  it('is forgotten when the file is mended', async () => {
    const { source, logged } = await follow();
    await writeFile(file, INI.replace('8081', 'x'));
    await source.look();
    expect(source.warnings()).toHaveLength(1);
    await writeFile(file, INI);
    await source.look();
    expect(source.warnings()).toEqual([]);
    expect(logged('info')).toEqual([`${file} is again as the controller goes by it`]);
  });

  it('is also one that takes a restart: nothing of it is taken over', async () => {
    const { source } = await follow();
    await writeFile(file, withTimeout(20).replace('7400', '7401'));
    await source.look();
    expect(source.current()).toMatchObject({ controller: { address: '127.0.0.1:7400' }, clients: [{ timeoutMs: 10_000 }] });
    expect(source.warnings()[0]).toContain(
      'and has 1 error (' + `${file}:4: [controller] address: a change of it needs a restart of the controller);`,
    );
    expect(source.warnings()[0]).toMatch(/: ctl config diff$/);
  });

  it('is also that the file is gone', async () => {
    const { source } = await follow();
    await rm(file);
    await source.look();
    expect(source.warnings()[0]).toContain('no such file');
    expect(source.current().clients).toHaveLength(1);
  });
});

describe('the difference', () => {
  it('is none after a good change', async () => {
    const { source } = await follow();
    await writeFile(file, withTimeout(20));
    expect(await source.diff()).toMatchObject({ file, changes: [], refusals: [] });
  });

  it('is what a refused one would bring, and why it is refused', async () => {
    const { source } = await follow();
    await writeFile(file, withTimeout(20).replace('8081', 'x'));
    expect(await source.diff()).toMatchObject({
      changes: [
        { section: 'DEFAULT', key: 'timeout', before: '10', after: '20', line: 2 },
        { section: 'c1', key: 'port', before: '8081', after: 'x', line: 13 },
      ],
      refusals: [`${file}:13: [c1] port: "x" is not a port number`],
    });
  });

  it('has no changes where the file cannot be read', async () => {
    const { source } = await follow();
    await rm(file);
    expect(await source.diff()).toMatchObject({ changes: [], refusals: [expect.stringContaining('no such file') as string] });
  });
});

describe('a change is noticed without being asked for', () => {
  const changed = (source: WatchedConfig) => new Promise<void>((resolve) => source.subscribe(() => resolve()));

  it('when the file is written in place', async () => {
    const { source } = await follow();
    const noticed = changed(source);
    await writeFile(file, withTimeout(20));
    await noticed;
    expect(source.current().clients[0]?.timeoutMs).toBe(20_000);
  });

  it('when an editor puts another file in its place, again and again', async () => {
    const { source } = await follow();
    for (const seconds of [21, 22, 23]) {
      const noticed = changed(source);
      await writeFile(`${file}.tmp`, withTimeout(seconds));
      await rename(`${file}.tmp`, file);
      await noticed;
      expect(source.current().clients[0]?.timeoutMs).toBe(seconds * 1000);
    }
  });

  it('by looking from time to time, if the system says nothing: the password is in a file that is not watched', async () => {
    const { source } = await follow(20);
    const noticed = changed(source);
    await writeFile(join(folder, 'secret'), 'second\n');
    await noticed;
    expect(source.current().connect.passwd.reveal()).toBe('second');
  });
});
