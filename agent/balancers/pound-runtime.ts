import { linkSignals } from '../../shared/abort.js';
import type { BackendOrder, CallOptions } from '../../shared/model/agent-api.js';
import type { BalancerSpec } from '../../shared/model/service.js';
import type { Exec } from '../../shared/ports/exec.js';
import type { BalancerDriver } from './balancer.js';
import { notDone, unknownBackend } from './complaints.js';
import { joinStates } from './pound-places.js';
import type { PoundBackend, PoundState } from './pound-state.js';
import { createPoundWantedFile } from './pound-wanted.js';
import { fileTurns } from './turns.js';

/** A running Pound that can be asked and told without a restart. */
export interface PoundRuntime {
  /** Whether its state shows emergency backends at all. */
  readonly listsEmergencies: boolean;
  state(options: CallOptions): Promise<PoundState>;
  switch(backend: PoundBackend, wanted: 'in' | 'out', options: CallOptions): Promise<void>;
  /** A key that cannot be named in the runtime's protocol stays. */
  deleteSession(backend: PoundBackend, key: string, options: CallOptions): Promise<void>;
}

export interface RuntimePound {
  readonly name: string;
  readonly driver: string;
  readonly spec: BalancerSpec;
  readonly runtime: PoundRuntime;
  readonly exec: Exec;
}

/**
 * A Pound that is told in its file and, without a restart, as it runs.
 *
 * Nothing is written before the running Pound has answered once. Then the file comes before it: after a crash in between, a Pound that
 * starts again comes up as wanted.
 */
export function createRuntimePound({ name, driver, spec, runtime, exec }: RuntimePound): BalancerDriver {
  const file = createPoundWantedFile(exec, spec);

  const runningAt = async (address: string, options: CallOptions): Promise<PoundBackend[]> => {
    const { backends } = await runtime.state(options);
    const found = backends.filter((backend) => backend.address === address);
    if (found.length > 0) return found;
    throw unknownBackend('the running Pound', address, backends);
  };

  const tellPound = async ({ address, wanted }: BackendOrder, options: CallOptions): Promise<void> => {
    const isWanted = (backend: PoundBackend) => backend.enabled === (wanted === 'in');
    for (const backend of (await runningAt(address, options)).filter((b) => !isWanted(b))) await runtime.switch(backend, wanted, options);
    const after = await runningAt(address, options);
    const wrong = after.find((backend) => !isWanted(backend));
    if (wrong !== undefined) throw notDone('the running Pound', address, wanted, wrong.place);
    if (wanted === 'out' && spec.sessions === 'delete') await deleteSessions(after, options);
  };

  /** Those that cannot be deleted show in the state, and end when the backend stops: whoever drains it sees their traffic. */
  const deleteSessions = async (backends: readonly PoundBackend[], options: CallOptions): Promise<void> => {
    for (const backend of backends) {
      for (const key of backend.sessions) await runtime.deleteSession(backend, key, options);
    }
  };

  return {
    async state(options) {
      using linked = linkSignals([options.signal], options.timeoutMs, `reading the state of ${name}`);
      const bounded = { ...options, signal: linked.signal };
      const { version, backends } = await runtime.state(bounded);
      const { places, aliveS } = await file.read(bounded);
      const listed = places.filter(({ at }) => runtime.listsEmergencies || at.backend.kind !== 'emergency');
      return { name, driver, version, aliveIntervalS: aliveS, backends: joinStates(listed, backends) };
    },

    async set(order, options) {
      using linked = linkSignals([options.signal], options.timeoutMs, `taking ${order.address} ${order.wanted} on ${name}`);
      const bounded = { ...options, signal: linked.signal };
      await fileTurns.take(spec.conf, linked.signal, async () => {
        await runningAt(order.address, bounded);
        await file.write([order.address], order.wanted, bounded);
        await tellPound(order, bounded);
      });
    },
  };
}
