/**
 * What a repair does with a service: `start` what is down, `restart` what runs and is critical (a client through its balancer), `recheck`
 * once what it stands on answers again, and restart it only if it is still bad then, `give-up` what has been repaired too often, `none`.
 */
export const REPAIR_ACTIONS = ['none', 'start', 'restart', 'recheck', 'give-up'] as const;
export type RepairAction = (typeof REPAIR_ACTIONS)[number];

/** `unknown`: something of it could not be measured, and nothing critical was. */
export const REPAIR_STATES = ['well', 'critical', 'unknown'] as const;
export type RepairState = (typeof REPAIR_STATES)[number];

export interface RepairDecision {
  readonly service: string;
  readonly state: RepairState;
  readonly action: RepairAction;
  /** A sentence for the operator: why this, and why not more. */
  readonly reason: string;
}
