import { expect, it } from 'vitest';
import { textOfEntry } from '../../../../agent/logs/scanned.js';

it('of a very long entry the beginning is shown, and that it is cut: not by how much, which a window on it does not know', () => {
  const whole = Buffer.from('x'.repeat(64 * 1024));
  expect(textOfEntry(whole, 0, whole.length)).toBe(whole.toString());
  const longer = Buffer.concat([whole, Buffer.from('yy')]);
  expect(textOfEntry(longer, 0, longer.length)).toBe(`${whole.toString()}\n[cut: of an entry the first 64 kB are shown]`);
});
