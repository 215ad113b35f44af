/** A measurement that was not made. Never zero, never "down": the reason says why nothing is known. */
export interface Unmeasured {
  readonly ok: false;
  readonly why: string;
}

/** A measurement: its fields, or the reason why there are none. */
export type Measured<T extends object> = ({ readonly ok: true } & T) | Unmeasured;

export const measured = <T extends object>(fields: T): Measured<T> => ({ ok: true, ...fields });
export const unmeasured = (why: string): Unmeasured => ({ ok: false, why });
