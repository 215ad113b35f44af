import { open } from 'node:fs/promises';
import { createRandom } from './random.js';

export interface ZopeLogOptions {
  readonly bytes: number;
  readonly seed: number;
}

/** Appends a log as a busy Zope writes it: requests, warnings, 2 % errors with a traceback, now and then something rare. The same for the same seed. */
export async function appendZopeLog(path: string, { bytes, seed }: ZopeLogOptions): Promise<void> {
  const entries = zopeEntries(seed);
  const file = await open(path, 'a');
  try {
    for (let written = 0; written < bytes;) {
      let text = '';
      while (text.length < PORTION) text += entries.next().value;
      await file.write(text);
      written += text.length;
    }
  } finally {
    await file.close();
  }
}

const PORTION = 4 * 1024 * 1024;

/** Whole entries, each with its newline; ASCII only. */
function* zopeEntries(seed: number): Generator<string, never> {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  let time = Date.UTC(2024, 8, 1);
  for (let number = 0; ; number++) {
    time += below(200);
    const stamp = new Date(time).toISOString().replace('T', ' ').replace('.', ',').slice(0, 23);
    const thread = `[waitress-${number % 4}]`;
    const kind = random();
    if (number % 1_000_000 === 999_999)
      yield `${stamp} ERROR   [ZODB.Connection:917]${thread} ConflictError: database conflict on oid 0x${number.toString(16)}\n`;
    else if (kind < 0.02)
      yield `${stamp} ERROR   [Zope.SiteErrorLog:252]${thread} ${below(1e9)}.${below(1e6)} http://localhost/site/doc${number}\n${TRACEBACK}`;
    else if (kind < 0.1) yield `${stamp} WARNING [waitress.queue:117][MainThread] Task queue depth is ${below(30)}\n`;
    else
      yield `${stamp} INFO    [Zope:42]${thread} GET /site/folder${number % 977}/document-${number} took ${below(900)}.${below(10)} ms for user${below(500)}\n`;
  }
}

const TRACEBACK = `Traceback (innermost last):
  Module ZPublisher.WSGIPublisher, line 176, in transaction_pubevents
  Module ZPublisher.WSGIPublisher, line 385, in publish_module
  Module Products.CMFPlone.browser.main, line 33, in __call__
AttributeError: 'NoneType' object has no attribute 'getId'
`;
