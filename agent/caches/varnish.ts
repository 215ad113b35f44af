import { readFile } from 'node:fs/promises';
import { AppError, toAppError } from '../../shared/errors.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { TcpTarget } from '../../shared/ports/tcp.js';
import { requireLocal } from '../addresses.js';
import type { CacheDriver } from './cache.js';
import { requirePage } from './purge-page.js';
import { withVarnish } from './varnish-cli.js';

const CLI_MS = 10_000;

/** Varnish: what is banned is fetched anew when it is asked for next. It goes on answering. */
export const varnish: CacheDriver = {
  async plan(spec, signal) {
    await onVarnish(spec, signal, async () => null);
    return { details: ['everything in it is banned: it is fetched anew when it is asked for next'], awayS: null };
  },
  async all({ spec }, signal) {
    await ban(spec, ['req.url', '~', '.'], signal);
    return { awayMs: null, notes: [] };
  },
  async page(spec, page, signal) {
    requirePage(page);
    try {
      // Whatever host it was asked for by: a front may have changed that.
      await ban(spec, ['req.url', '==', page.path], signal);
      return { page, outcome: 'removed', status: 200, why: null };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      return { page, outcome: error.code === 'denied' ? 'refused' : 'failed', status: null, why: error.message };
    }
  },
};

async function ban(spec: ServiceSpec, condition: readonly string[], signal: AbortSignal): Promise<void> {
  const answer = await onVarnish(spec, signal, (cli) => cli.send(['ban', ...condition]));
  if (answer.status !== 200) throw new AppError('failed', `Varnish did not ban ${condition.join(' ')}: ${answer.text.trim()}`);
}

async function onVarnish<T>(spec: ServiceSpec, signal: AbortSignal, work: Parameters<typeof withVarnish<T>>[2]): Promise<T> {
  if (spec.cache?.kind !== 'varnish') throw new AppError('internal', `${spec.name} is no Varnish`);
  const { admin, secretFile } = spec.cache;
  requireLocal(spec);
  const target = managementOf(spec, admin);
  const secret = secretFile === '' ? null : await readSecret(secretFile);
  return withVarnish(target, { secret, timeoutMs: CLI_MS, signal }, work);
}

/** Only on this host: the wire must not decide whom the agent shows that it knows the secret. */
function managementOf(spec: ServiceSpec, admin: string): TcpTarget {
  const [, host = '', port = ''] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(admin) ?? [];
  const ip = host === 'localhost' ? '127.0.0.1' : host;
  if (/^127\.\d+\.\d+\.\d+$|^::1$/.test(ip) || (ip !== '' && ip === spec.ip)) return { ip, port: Number(port) };
  throw new AppError('denied', `the management port ${admin} of ${spec.name} is not on its own host`, {
    hint: 'set admin to an address of that host, for example 127.0.0.1:6082 (varnishd -T)',
  });
}

function readSecret(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw toAppError(error, 'denied', `the secret of Varnish in ${file} cannot be read`, 'does the agent run as a user who may?');
  });
}
