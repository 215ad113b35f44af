import { createHash } from 'node:crypto';
import { watch } from 'chokidar';
import { readIniFile, type IniFile } from '../../shared/ini/file.js';
import { formatProblem, type IniDocument, type Problem } from '../../shared/ini/ini.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';
import { configChanges, needsRestart } from './changes.js';
import type { ClusterConfig } from './cluster.js';
import { loadCluster, secretFilesOf } from './load.js';
import type { ConfigSource } from './source.js';

export interface WatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For `passwd_env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface WatchOptions {
  /** cluster.ini, as the operator named it: it may be a link. */
  readonly file: string;
  /** What it held when the controller was started. */
  readonly loaded: Version;
  /** How often it is looked at, whatever the system tells of it. */
  readonly pollMs?: number;
  /** Two looks, so far apart, have to see the same: somebody may be in the middle of writing. */
  readonly settleMs?: number;
}

interface Version {
  readonly config: ClusterConfig;
  readonly document: IniDocument;
}

export interface WatchedConfig extends ConfigSource {
  /** Looks at the file now. Never rejects; resolves when a change of it was taken over or refused. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Follows cluster.ini. A good change becomes `current`; one with errors, or one that takes a restart, is refused loudly, and the version
 * before stays. What the system tells of the file only wakes us: whether it changed is judged by what it holds.
 */
export function watchCluster({ clock, log, env }: WatchDeps, options: WatchOptions): WatchedConfig {
  const { file, pollMs = 5_000, settleMs = 200 } = options;
  const stopping = new AbortController();
  const listeners: ((config: ClusterConfig) => void)[] = [];
  let version = options.loaded;
  let loadedAt = clock.now();
  /** What was refused, as it is told; null: the file is what the controller goes by. */
  let refusal: string | null = null;
  /** Of the document that was read last, taken over or not. */
  let secrets = secretFilesOf(version.document, version.config.path);
  let seen: string | null = null;
  let looking: Promise<void> = Promise.resolve();
  let nap = new AbortController();

  const watcher = watch(file, { ignoreInitial: true });
  // Of two changes within a tenth of a second the second one is told as raw only.
  for (const event of ['all', 'raw'] as const) watcher.on(event, () => nap.abort());
  watcher.on('error', (error) => log.warn({ error }, `${file} cannot be watched: it is looked at every ${pollMs / 1000} s`));
  const followed = follow();

  return {
    current: () => version.config,
    subscribe: (listener) => void listeners.push(listener),
    warnings: () => (refusal === null ? [] : [refusal]),
    async diff() {
      await look();
      const { config, document, errors } = await read();
      const changes = config === null && document.sections.size === 0 ? [] : configChanges(version.document, document);
      return { file, loadedAt, changes, refusals: errors.map(formatProblem) };
    },
    look,
    async stop() {
      stopping.abort();
      nap.abort();
      await watcher.close();
      await followed;
    },
  };

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(pollMs, nap.signal).catch(() => undefined);
      nap = new AbortController();
      await look();
    }
  }

  function look(): Promise<void> {
    looking = looking.then(lookOnce).catch((error: unknown) => log.error({ error }, `${file} could not be looked at`));
    return looking;
  }

  async function lookOnce(): Promise<void> {
    const print = await settled();
    if (print === null || print === seen) return;
    const first = seen === null;
    seen = print;
    const { config, document, errors } = await read();
    if (config !== null && errors.length === 0) takeOver({ config, document }, first);
    else refuse(errors, config === null ? 'config check' : 'config diff');
  }

  /** What the file holds, once it stays as it is; null: we are stopping. */
  async function settled(): Promise<string | null> {
    let before = await fingerprint(file, secrets);
    if (before === seen) return before;
    while (!stopping.signal.aborted) {
      await clock.sleep(settleMs, stopping.signal).catch(() => undefined);
      const now = await fingerprint(file, secrets);
      if (now === before) return now;
      before = now;
    }
    return null;
  }

  async function read(): Promise<{ config: ClusterConfig | null; document: IniDocument; errors: readonly Problem[] }> {
    const { config, document, problems } = await loadCluster(file, env);
    secrets = secretFilesOf(document, config?.path ?? version.config.path);
    const errors = problems.filter(({ severity }) => severity === 'error');
    return { config, document, errors: config === null ? errors : needsRestart(version.config, config, document) };
  }

  function takeOver(next: Version, first: boolean): void {
    const changes = configChanges(version.document, next.document);
    if (refusal !== null && changes.length === 0) log.info({ file }, `${file} is again as the controller goes by it`);
    if (changes.length > 0)
      log.info({ file, changes: changes.map(({ section, key }) => `[${section}] ${key}`) }, `${file} was changed: taken over`);
    refusal = null;
    version = next;
    if (!first || changes.length > 0) loadedAt = clock.now();
    for (const tell of listeners) tell(next.config);
  }

  /** `by`: the command that shows the errors. */
  function refuse(errors: readonly Problem[], by: string): void {
    const what = errors.length === 1 ? `1 error (${errors.map(formatProblem).join('')})` : `${errors.length} errors`;
    refusal = `${file} was changed at ${iso(clock.now())} and has ${what}; the controller goes on with the version of ${iso(loadedAt)}: ctl ${by}`;
    log.error({ file, problems: errors.map(formatProblem) }, refusal);
  }
}

/** Of all that a configuration is read from. What cannot be read is a content like any other. */
async function fingerprint(file: string, secrets: readonly string[]): Promise<string> {
  const parts = await Promise.all([readIniFile(file), ...secrets.map((path) => (path === '' ? null : readIniFile(path)))]);
  return parts.map(printOf).join(' ');
}

const printOf = (found: IniFile | null): string =>
  found === null ? '-' : found.ok ? `${found.realPath}:${createHash('sha256').update(found.bytes).digest('hex')}` : found.why;

const iso = (at: number): string => new Date(at).toISOString();
