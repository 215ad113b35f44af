import type { RepairAction, RepairDecision, RepairState } from '../model/repair.js';
import { enumCodec, known } from './fields.js';
import {
  RepairDecision_Action as Action,
  RepairDecision_State as State,
  type RepairDecision as WireDecision,
} from './gen/ctl/v1/repair.js';

export const decisionToWire = ({ service, state, action, reason }: RepairDecision): WireDecision => ({
  service,
  state: states.toWire(state),
  action: actions.toWire(action),
  reason,
});

/** Throws `unsupported` for an action of a later version. */
export const decisionFromWire = ({ service, state, action, reason }: WireDecision): RepairDecision => ({
  service,
  state: known(states.fromWire(state), 'state of a service', state),
  action: known(actions.fromWire(action), 'action of a repair', action),
  reason,
});

const actions = enumCodec<RepairAction, Action>({
  none: Action.ACTION_NONE,
  start: Action.ACTION_START,
  restart: Action.ACTION_RESTART,
  recheck: Action.ACTION_RECHECK,
  'give-up': Action.ACTION_GIVE_UP,
});
const states = enumCodec<RepairState, State>({
  well: State.STATE_WELL,
  critical: State.STATE_CRITICAL,
  unknown: State.STATE_UNKNOWN,
});
