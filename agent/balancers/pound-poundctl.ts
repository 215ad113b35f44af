import { dirname, isAbsolute, join } from 'node:path';
import { AppError } from '../../shared/errors.js';
import type { CallOptions } from '../../shared/model/agent-api.js';
import type { BalancerSpec } from '../../shared/model/service.js';
import type { Argv, Exec } from '../../shared/ports/exec.js';
import type { BalancerDriver } from './balancer.js';
import { createRuntimePound, type PoundRuntime } from './pound-runtime.js';
import type { PoundBackend, PoundState } from './pound-state.js';
import { parsePoundctlState } from './poundctl-state.js';

/** Pound 2.x, 4.0 and 4.1 by their own poundctl, which alone knows the protocol of their control socket. `version`: of that Pound. */
export const createPoundPoundctl = (name: string, spec: BalancerSpec, exec: Exec, version: string): BalancerDriver =>
  createRuntimePound({ name, driver: 'pound-poundctl', spec, runtime: createPoundctl(spec, exec, version), exec });

function createPoundctl(spec: BalancerSpec, exec: Exec, version: string): PoundRuntime {
  const program = poundctlOf(spec.exe);
  const run = async (args: readonly string[], options: CallOptions): Promise<string> => {
    const argv: Argv = [program, '-c', spec.control, ...args];
    const timeoutMs = Math.min(options.timeoutMs, CALL_LIMIT_MS);
    const result = await exec(argv, { timeoutMs, signal: options.signal, keepBytes: LISTING_LIMIT_BYTES }).catch((error: unknown) => {
      throw late(error, spec.control, timeoutMs, options);
    });
    if (result.truncated) throw new AppError('failed', `${program} printed more than ${LISTING_LIMIT_BYTES} bytes`);
    if (result.code !== 0) throw refused(program, spec.control, `${result.stderr}${result.stdout}`);
    return result.stdout;
  };

  const state = async (options: CallOptions): Promise<PoundState> => ({
    version,
    backends: parsePoundctlState(await run(['-X'], options)),
  });

  return {
    listsEmergencies: false,
    state,
    async switch(backend, wanted, options) {
      const flags = wanted === 'in' ? ['-B', '-b'] : ['-b', '-B'];
      for (const flag of flags) {
        await run([flag, ...numbersOf(backend.path)], options);
        // The two letters are documented both ways round. The wrong one repeats what is the case already, so the other one follows.
        if (isAt(await state(options), backend)?.enabled === (wanted === 'in')) return;
      }
    },
    async deleteSession(backend, key, options) {
      // What begins with a dash would be read as an option, what is too long as another key.
      if (key === '' || key.startsWith('-') || key.includes('\0') || Buffer.byteLength(key) >= KEY_LIMIT_BYTES) return;
      await run(['-n', ...numbersOf(backend.sessionPath), key], options);
    },
  };
}

/** The slowest answer of a Pound that is not stuck. */
const CALL_LIMIT_MS = 10_000;
const LISTING_LIMIT_BYTES = 64 * 1024 * 1024;
/** What a session key can be at most in Pound 2. */
const KEY_LIMIT_BYTES = 128;

const isAt = ({ backends }: PoundState, { path, address }: PoundBackend): PoundBackend | undefined =>
  backends.find((backend) => backend.path === path && backend.address === address);

/** `/listener/0/1/2` → 0 1 2; a global service is one of listener -1. */
function numbersOf(path: string): string[] {
  const [, kind, ...numbers] = path.split('/');
  return kind === 'service' ? ['-1', ...numbers] : numbers.map((number) => (number === '-' ? '-1' : number));
}

/** Beside the Pound that it belongs to. */
const poundctlOf = (exe: string): string => (isAbsolute(exe) ? join(dirname(exe), 'poundctl') : 'poundctl');

function late(error: unknown, control: string, timeoutMs: number, options: CallOptions): unknown {
  if (!(error instanceof AppError) || error.code !== 'timeout' || options.signal.aborted) return error;
  return new AppError('timeout', `Pound's control socket ${control} did not answer poundctl within ${timeoutMs} ms`, {
    hint: 'look at the process: is it stopped, or at 100 %?',
    cause: error,
  });
}

function refused(program: string, control: string, output: string): AppError {
  const said = output.trim().split('\n').slice(0, 3).join('; ');
  if (/^connect: /m.test(output)) {
    return new AppError('unreachable', `nobody answers on Pound's control socket ${control}: ${said}`, {
      hint: 'is Pound running, and does `control` in cluster.ini name the path of Control in pound.cfg?',
    });
  }
  return new AppError('failed', `${program}: ${said === '' ? 'it failed and said nothing' : said}`);
}
