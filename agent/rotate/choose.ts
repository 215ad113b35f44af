import type { RotateMethod, RotationSpec } from '../../shared/model/rotation.js';
import type { ServiceType } from '../../shared/model/service.js';
import type { Writer } from './writers.js';

/** What decides how one log can be rotated. */
export interface LogFacts {
  readonly type: ServiceType;
  readonly platform: NodeJS.Platform;
  /** null: it cannot be told. */
  readonly fileSystem: string | null;
  /** `fallocate` of util-linux is there. */
  readonly canCollapse: boolean;
  readonly writers: readonly Writer[];
  /** Whoever writes to it is among `writers`. */
  readonly complete: boolean;
  /** Processes of the service. */
  readonly own: readonly number[];
  /** Why USR2 is not for it; null: it opens its logs anew by it. */
  readonly noSignal: string | null;
}

export interface Candidate {
  readonly method: RotateMethod;
  /** Why it cannot be used here; null: it can. */
  readonly refused: string | null;
}

/** The methods for a log, the best first. Where one is named it alone is taken: what loses lines is never used unasked beside it. */
export function candidates(wanted: RotationSpec['method'], facts: LogFacts): Candidate[] {
  const methods = wanted === 'auto' ? automatic(facts) : [wanted];
  return methods.map((method) => ({ method, refused: refusalOf(method, facts) }));
}

function automatic({ type, platform }: LogFacts): RotateMethod[] {
  if (platform === 'win32') return ['copy'];
  if (type === 'Squid') return ['squid', 'collapse', 'copy'];
  // A ZServer would open its logs anew as well, a WSGI Zope would die: which of them a ZeoClient is, only its operator knows.
  if (type === 'ZeoServer') return ['signal', 'collapse', 'copy'];
  return ['collapse', 'copy'];
}

function refusalOf(method: RotateMethod, facts: LogFacts): string | null {
  if (facts.platform === 'win32' && method !== 'copy') return `${method} does not exist on Windows`;
  switch (method) {
    case 'collapse':
      return collapseRefusal(facts) ?? appendRefusal(facts);
    case 'copy':
      return appendRefusal(facts);
    case 'pause':
      return appendRefusal(facts) ?? pauseRefusal(facts);
    case 'signal':
      if (!SIGNALLED.includes(facts.type)) return `a ${facts.type} gets no signal`;
      return facts.noSignal;
    case 'squid':
      return facts.type === 'Squid' ? null : `it is a ${facts.type}`;
    case 'rename':
      return null;
  }
}

const SIGNALLED: readonly ServiceType[] = ['ZeoServer', 'ZeoClient'];
const COLLAPSING = ['ext4', 'xfs', 'f2fs'];

function collapseRefusal({ fileSystem, canCollapse }: LogFacts): string | null {
  if (!canCollapse) return 'there is no fallocate of util-linux';
  if (fileSystem === null || COLLAPSING.includes(fileSystem)) return null;
  return `${fileSystem} cannot collapse a file`;
}

/** Who does not append writes on where he was: behind a hole of NULs. */
function appendRefusal({ writers }: LogFacts): string | null {
  const one = writers.find((writer) => !writer.appends);
  return one === undefined ? null : `process ${one.pid} writes to it without O_APPEND`;
}

function pauseRefusal({ writers, complete, own }: LogFacts): string | null {
  if (!complete && writers.length === 0) return 'it cannot be seen who writes to it';
  const strangers = writers.filter((writer) => !own.includes(writer.pid));
  return strangers.length === 0 ? null : `process ${strangers.map((w) => w.pid).join(', ')} writes to it, and is not of this service`;
}

/** What a method can lose; null: nothing. */
export function lossOf(method: RotateMethod, { writers, complete }: LogFacts): string | null {
  if (method !== 'copy') return null;
  if (complete && writers.length === 0) return null;
  return 'lines written between the last read and the cut, less than a millisecond as a rule';
}
