import { setFlagsFromString } from 'node:v8';
import { startAgent } from './agent.js';
import { loadAgentConfig } from './config/load.js';
import { INIT_USAGE, initAgent } from './init.js';
import { JOIN_USAGE, joinController } from './join.js';
import { formatProblem } from '../shared/ini/ini.js';
import { createLifecycle, shutdownOnSignals } from '../shared/lifecycle.js';
import { createLogger } from '../shared/log.js';
import { systemClock } from '../shared/ports/clock.js';
import { exitCodeOf, parseOptions, printError } from '../shared/program-options.js';

const version = process.env.CTL_VERSION ?? 'development';
const USAGE = `usage: ctl-agent [-c agent.ini] [--log-level debug|info|warn|error]\n       ${INIT_USAGE}\n       ${JOIN_USAGE}\n`;

async function main(): Promise<void> {
  const [subcommand, ...rest] = process.argv.slice(2);
  if (subcommand === 'init') return void process.stdout.write(await initAgent(rest));
  if (subcommand === 'join') return void process.stdout.write(await joinController(rest));
  const options = parseOptions(process.argv.slice(2), 'agent.ini');
  if (options.only !== null) return void process.stdout.write(options.only === 'version' ? `${version}\n` : USAGE);
  const config = await loadAgentConfig(options.file);
  for (const problem of config.warnings) process.stderr.write(`${formatProblem(problem)}\n`);
  const log = createLogger({ name: 'ctl-agent', level: options.logLevel });
  const lifecycle = createLifecycle({ log });
  shutdownOnSignals(lifecycle, { source: process, exit: (code) => process.exit(code) });
  const env = Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
  try {
    await startAgent(
      { clock: systemClock, log, lifecycle, env, platform: process.platform, uid: process.getuid?.() ?? 0, watches: true },
      config,
      version,
    );
  } catch (error) {
    await lifecycle.shutdown('it could not start');
    throw error;
  }
}

// Else what is young may take 16 MiB before anything is thrown away: an agent has little to do, and must take little.
setFlagsFromString('--semi-space-growth-factor=1');

main().catch((error: unknown) => {
  process.stderr.write(printError('ctl-agent', error));
  process.exit(exitCodeOf(error));
});
