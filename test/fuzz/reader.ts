import { parseAgentConfig } from '../../agent/config/config.js';
import { parseCluster } from '../../controller/config/parse.js';
import { showConfig } from '../../controller/config/show.js';
import { upgradeIni } from '../../controller/config/upgrade.js';
import { AppError } from '../../shared/errors.js';
import { parseIni } from '../../shared/ini/ini.js';
import { createInputs } from './inputs.js';

export interface FuzzReport {
  /** Inputs that were read to the end. */
  readonly done: number;
  /** Resident memory when the reader had warmed up, and the most that there was since. */
  readonly baselineMb: number;
  readonly peakMb: number;
  /** Inputs of which at least one value could be read: the generator must not make rubbish alone. */
  readonly read: number;
}

/** Reads inputs with everything that reads an ini file. Rejects with the first crash. `only`: just this input, which it prints. */
export async function readAll(
  { runs, seed, only }: { readonly runs: number; readonly seed: number; readonly only: number | null },
  tell: (report: FuzzReport) => void,
): Promise<void> {
  const input = await createInputs(seed);
  if (only !== null) {
    process.stdout.write(input(only));
    readOne(input(only));
    return;
  }
  const readNumber = (index: number): boolean => {
    try {
      return readOne(input(index));
    } catch (error) {
      throw new Error(`input ${index} cannot be read`, { cause: error });
    }
  };
  for (let i = 0; i < Math.min(WARM_UP, runs); i++) readNumber(i);
  global.gc?.();
  const baselineMb = residentMb();
  let peakMb = baselineMb;
  let read = 0;
  for (let i = 0; i < runs; i++) {
    if (readNumber(i)) read++;
    if (i % TELL_EVERY !== 0 && i !== runs - 1) continue;
    peakMb = Math.max(peakMb, residentMb());
    tell({ done: i + 1, baselineMb, peakMb, read });
    // The message goes out when this turn ends.
    await new Promise(setImmediate);
  }
}

const WARM_UP = 2_000;
const TELL_EVERY = 100;
const residentMb = (): number => Math.round(process.memoryUsage().rss / 1e6);

/** Whatever the input is, these answer: problems, or an error of ours. */
function readOne(bytes: Uint8Array): boolean {
  const { document } = parseIni(bytes, 'fuzz.ini');
  for (const section of [document.defaults, ...document.sections.values()]) for (const key of section.keys()) section.get(key);
  parseAgentConfig(bytes, 'agent.ini');
  showConfig(parseCluster(bytes, '/etc/ctl/cluster.ini').document);
  try {
    upgradeIni(bytes, '/etc/ctl/cluster.ini', { file: 'cluster.ini', secrets: true });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
  return [...document.sections.values()].some((section) => section.own.size > 0);
}
