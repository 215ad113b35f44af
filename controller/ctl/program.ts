/** What `ctl` needs for every action, in one piece: `--version` alone does without it. */
export { systemClock } from '../../shared/ports/clock.js';
export { runCtl } from './ctl.js';
export { EXIT, worstExit } from './exit-codes.js';
export { controllerAddress } from './ini-file.js';
export { createOperatorIdentity } from './operator-identity.js';
export { createTerminal } from './terminal.js';
