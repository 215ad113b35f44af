import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Squid } from './squid.js';

export interface SquidConfig {
  readonly folder: string;
  readonly port: number;
  /** Of the site that it stands before, on the loopback address. */
  readonly site: number;
  readonly host: string;
  /** Whether it lets itself be purged. */
  readonly purges: boolean;
}

/** Where a Squid has its files. */
export interface SquidFiles {
  readonly conf: string;
  readonly cache: string;
  readonly pidFile: string;
}

const NOBODY = 65534;

/** A Squid before a site of this machine that keeps all it gets, on disk alone; its cache has no folders yet. */
export async function writeSquidConf(squid: Squid, { folder, port, site, host, purges }: SquidConfig): Promise<SquidFiles> {
  const [log, cache, conf] = [join(folder, 'squid-log'), join(folder, 'cache'), join(folder, 'squid.conf')];
  const runs = join(folder, 'squid-run');
  for (const path of [log, cache, runs]) await mkdir(path);
  const isRoot = process.getuid?.() === 0;
  // It runs as somebody else then.
  if (isRoot) {
    await chmod(folder, 0o755);
    for (const path of [log, cache, runs]) await chown(path, NOBODY, NOBODY);
  }
  const account = isRoot ? ['cache_effective_user nobody', 'cache_effective_group nogroup'] : [];
  const acl = `http_access ${purges ? 'allow purge localhost' : 'deny purge'}`;
  const lines = [
    ...[...squid.places, ...account, 'acl purge method PURGE', acl, 'http_access allow all', 'visible_hostname here'],
    ...[`http_port 127.0.0.1:${port} accel defaultsite=${host}`, `cache_peer 127.0.0.1 parent ${site} 0 no-query originserver name=site`],
    ...[`cache_dir ufs ${cache} 16 4 4`, 'cache_mem 0 MB', 'refresh_pattern . 60 100% 60', 'access_log none'],
    ...[`cache_log ${join(log, 'cache.log')}`, `pid_filename ${join(runs, 'squid.pid')}`, `coredump_dir ${folder}`],
    ...['pinger_enable off', 'icp_port 0', 'shutdown_lifetime 1 second', ''],
  ];
  await writeFile(conf, lines.join('\n'));
  return { conf, cache, pidFile: join(runs, 'squid.pid') };
}
