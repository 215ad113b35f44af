import type { FileHandle } from 'node:fs/promises';
import { createEntryWindow, type Place, type WindowOptions } from './entry-window.js';
import type { ScannedEntry } from './scanned.js';

export interface OffsetScanOptions extends WindowOptions {
  /** Where the first entry of the range begins. */
  readonly from: number;
  /** So many entries before and after each hit are shown as well. */
  readonly context: number;
}

/**
 * The entries around the offsets of matching lines: only what is around a hit is read. In order, each entry once; nothing is read ahead of
 * who asks.
 */
export async function* scanOffsets(
  file: FileHandle,
  offsets: AsyncIterable<readonly number[]>,
  options: OffsetScanOptions,
): AsyncGenerator<readonly ScannedEntry[]> {
  const { from, to, context } = options;
  const window = createEntryWindow(file, options);
  let found: ScannedEntry[] = [];
  let hit: { readonly place: Place; matching: number } | null = null;
  /** Everything before has been shown or passed over. */
  let done = from;

  for await (const portion of offsets) {
    for (const offset of portion) {
      if (offset < from) continue;
      if (offset >= to) {
        await finish(to);
        yield found;
        return;
      }
      if (hit !== null && offset < hit.place.end) {
        hit.matching += 1;
        continue;
      }
      await finish(offset);
      await window.moveTo(offset, done);
      const place = await window.around(offset, done);
      if (context > 0) await before(place);
      hit = { place, matching: 1 };
      if (found.length < MAX_BATCH) continue;
      yield found;
      found = [];
    }
    if (found.length > 0) {
      yield found;
      found = [];
    }
  }
  await finish(to);
  yield found;

  /** The hit in hand, and what stands after it up to the next one. */
  async function finish(next: number): Promise<void> {
    if (hit === null) return;
    const { place, matching } = hit;
    hit = null;
    await window.moveTo(place.offset, place.offset);
    found.push(window.entry(place, matching));
    done = place.end;
    for (let n = 0; n < context && done < next; n++) {
      await window.moveTo(done, done);
      const after = await window.at(done);
      if (after === null || after.end > next) return;
      found.push(window.entry(after, 0));
      done = after.end;
    }
  }

  async function before({ offset }: Place): Promise<void> {
    const shown: ScannedEntry[] = [];
    for (let at = offset; shown.length < context && at > done;) {
      await window.moveTo(at - 1, done);
      const place = await window.around(at - 1, done);
      shown.unshift(window.entry(place, 0));
      at = place.offset;
    }
    found.push(...shown);
  }
}

const MAX_BATCH = 256;
