import type { Incident, IncidentChange, IncidentKind } from '../../shared/model/incident.js';
import type { CriticalEvent } from '../../shared/model/check-report.js';
import type { Database, Value } from './database.js';

export interface IncidentQuery {
  /** null: of every service, and those of no service. */
  readonly services: readonly string[] | null;
  /** Only those that last. */
  readonly open: boolean;
  /** Those that were still seen at or after it (epoch ms); null: all. */
  readonly since: number | null;
}

/** What one decision leads to; written as a whole or not at all. */
export interface IncidentRecord {
  /** Each replaces the one with its id, and waits in `untold` until it is told. */
  readonly changes: readonly IncidentChange[];
  /** What the next decision starts from, for the one who decides to read. */
  readonly state: string;
}

export interface IncidentStore {
  /** Oldest first. */
  list(query: IncidentQuery): Promise<readonly Incident[]>;
  /** Resolves when it is on the disk. */
  put(record: IncidentRecord): Promise<void>;
  /** null: nothing was ever decided. */
  state(): Promise<string | null>;
  /** Changes that nobody was told yet, in their order. */
  untold(): Promise<readonly Untold[]>;
  /** They have been told, up to this one. */
  told(last: Untold): Promise<void>;
}

export interface Untold {
  readonly number: number;
  readonly change: IncidentChange;
}

export const INCIDENT_TABLES = `
  CREATE TABLE incident (
    id TEXT PRIMARY KEY, service TEXT, host TEXT, event INTEGER, kind TEXT NOT NULL, message TEXT NOT NULL, expected TEXT, got TEXT,
    log_entry TEXT, first REAL NOT NULL, last REAL NOT NULL, count INTEGER NOT NULL, ended REAL, action TEXT
  ) STRICT;
  CREATE INDEX incident_last ON incident (last);
  CREATE TABLE decision (one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT NOT NULL) STRICT;
  CREATE TABLE untold (number INTEGER PRIMARY KEY AUTOINCREMENT, change TEXT NOT NULL) STRICT`;

export function createIncidentStore(db: () => Promise<Database | null>): IncidentStore {
  const rows = async <Row>(sql: string, values: readonly Value[] = []) => (await db())?.all<Row>(sql, values) ?? [];
  return {
    async list({ services, open, since }) {
      const found = await rows<Row>(
        `SELECT * FROM incident WHERE (? = 0 OR ended IS NULL) AND (last >= ? OR ended IS NULL) ORDER BY first, id`,
        [open ? 1 : 0, since ?? -1],
      );
      const all = found.map(fromRow);
      return services === null ? all : all.filter(({ service }) => service !== null && services.includes(service));
    },
    async put({ changes, state }) {
      const open = await db();
      open?.transaction(() => {
        for (const { incident } of changes) open.run(REPLACE, toRow(incident));
        for (const change of changes) open.run('INSERT INTO untold (change) VALUES (?)', [JSON.stringify(change)]);
        open.run('INSERT OR REPLACE INTO decision (one, state) VALUES (1, ?)', [state]);
      });
    },
    state: async () => (await rows<{ state: string }>('SELECT state FROM decision'))[0]?.state ?? null,
    untold: async () =>
      (await rows<{ number: number; change: string }>('SELECT number, change FROM untold ORDER BY number')).map(({ number, change }) => ({
        number,
        change: JSON.parse(change) as IncidentChange,
      })),
    async told({ number }) {
      (await db())?.run('DELETE FROM untold WHERE number <= ?', [number]);
    },
  };
}

const REPLACE = `INSERT OR REPLACE INTO incident
  (id, service, host, event, kind, message, expected, got, log_entry, first, last, count, ended, action)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

interface Row extends Omit<Incident, 'logEntry'> {
  readonly event: CriticalEvent | null;
  readonly kind: IncidentKind;
  readonly log_entry: string | null;
}

const toRow = (incident: Incident): Value[] => [
  incident.id,
  incident.service,
  incident.host,
  incident.event,
  incident.kind,
  incident.message,
  incident.expected,
  incident.got,
  incident.logEntry,
  incident.first,
  incident.last,
  incident.count,
  incident.ended,
  incident.action,
];

const fromRow = ({ log_entry: logEntry, ...row }: Row): Incident => ({ ...row, logEntry });
