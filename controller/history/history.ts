import { join } from 'node:path';
import { type Database, exists, openDatabase } from './database.js';
import { createIncidentStore, INCIDENT_TABLES, type IncidentStore } from './incidents.js';
import { createSampleStore, SAMPLE_TABLES, type SampleStore } from './samples.js';

/** What was, in an embedded database: `STATE_DIR/history.db`. Errors of every call: `failed`, for a file that cannot be used. */
export interface History {
  readonly incidents: IncidentStore;
  readonly samples: SampleStore;
  /** Forgets what ended, and was measured, before a moment (epoch ms). */
  prune(before: number): Promise<void>;
  close(): Promise<void>;
}

export interface HistoryOptions {
  readonly path: string;
  /** Makes the file if there is none; without it, nothing is on record then. */
  readonly create: boolean;
}

/** Loads and opens it with the first call that needs it. */
export function createHistory({ path, create }: HistoryOptions): History {
  let opening: Promise<Database | null> | null = null;
  const open = async () => (create || (await exists(path)) ? openDatabase({ path, tables: TABLES, version: VERSION }) : null);
  const db = () =>
    (opening ??= open().catch((error: unknown) => {
      // Whoever mends the file needs no restart.
      opening = null;
      throw error;
    }));
  return {
    incidents: createIncidentStore(db),
    samples: createSampleStore(db),
    async prune(before) {
      const known = await db();
      known?.transaction(() => {
        known.run('DELETE FROM sample WHERE at < ?', [before]);
        known.run('DELETE FROM incident WHERE ended IS NOT NULL AND ended < ?', [before]);
      });
    },
    async close() {
      (await opening?.catch(() => null))?.close();
      opening = null;
    },
  };
}

export const historyOf = (stateDir: string): string => join(stateDir, 'history.db');

/** Raised when a table changes. */
const VERSION = 1;
const TABLES = `${SAMPLE_TABLES}; ${INCIDENT_TABLES}`;

/** How long all of it is kept. */
export const HISTORY_MS = 90 * 86_400_000;
