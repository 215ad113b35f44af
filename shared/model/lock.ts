/** The lock of the critical operations, and what has become of it. */
export interface LockReport {
  /** The file, on the controller's host. */
  readonly path: string;
  /** null: nobody holds it. */
  readonly holder: LockHolder | null;
  /** What was taken away by this call; null: nothing. */
  readonly removed: LockHolder | null;
}

export interface LockHolder {
  /** The operation or the program; `unsigned` for a file that nobody of ours wrote. */
  readonly what: string;
  /** `user@host` of who asked for it. */
  readonly by: string;
  readonly host: string;
  readonly pid: number | null;
  /** As its file says; null: it does not. */
  readonly since: string | null;
  readonly alive: boolean;
  /** Why it counts as alive or gone. */
  readonly why: string;
}

export interface RemoveLockRequest {
  /** Also one whose owner lives. */
  readonly force: boolean;
  /** `user@host` of who asks. */
  readonly by: string;
}
