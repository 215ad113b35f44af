import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSs, type LocalConnection } from '../../../../agent/connections/ss.js';

const captured = (name: string) => readFileSync(join(import.meta.dirname, '../../../fixtures/ss', name), 'utf8');
const byPort = (text: string): Record<string, LocalConnection> =>
  Object.fromEntries(parseSs(text).map((connection) => [connection.peer.split(':').at(-1) ?? '', connection]));
const line = (counters: string, queues = '0 0') => `ESTAB ${queues} 127.0.0.1:8080 127.0.0.1:50001\n\t cubic segs_in:2 ${counters}\n`;
const pending = (text: string) => parseSs(text).map((connection) => connection.pending);

describe('parseSs on connections to a Node server, captured', () => {
  const found = byPort(captured('iproute2-6.1.0-two-states.txt'));
  it.each([
    ['50001', 'nothing was ever said', false],
    ['50002', 'one quick answer within a tick', false],
    ['50003', 'a quick answer and a request right behind it', true],
    ['50004', 'thirty quick answers', false],
    ['50005', 'an answer some ticks after its request', false],
    ['50006', 'a request without any answer', true],
    ['50007', 'an answer, over IPv6', false],
  ])('%s: %s: pending %s %s', (port, _what, expected) => {
    expect(found[port]?.pending).toBe(expected);
  });

  it('takes the silence from the last byte either way', () => {
    expect(found['50005']).toEqual({ local: '[::ffff:127.0.0.1]', peer: '127.0.0.1:50005', silentMs: 332, pending: false });
  });

  it('sees all of them', () => expect(Object.keys(found)).toHaveLength(7));
});

describe('parseSs', () => {
  it('counts a half-closed connection only while its peer waits for an answer', () => {
    expect(Object.keys(byPort(captured('iproute2-6.1.0-half-closed.txt')))).toEqual(['50001']);
  });

  it('reads details that stand on the line of the socket', () => {
    expect(parseSs(line('lastsnd:4 lastrcv:8').replace('\n\t', ' '))).toMatchObject([{ peer: '127.0.0.1:50001', silentMs: 4 }]);
  });

  it('takes a time that ss left out as zero', () => {
    expect(parseSs(line('bytes_acked:1 bytes_received:1 lastsnd:8'))).toMatchObject([{ silentMs: 0, pending: true }]);
  });

  it('takes bytes in a queue for an exchange that is not over', () => {
    const answered = 'bytes_acked:9 bytes_received:9 lastsnd:4 lastrcv:8';
    expect([line(answered), line(answered, '1 0'), line(answered, '0 1')].map(pending)).toEqual([[false], [true], [true]]);
  });

  it('takes what it cannot decide for unanswered', () => {
    const tie = 'bytes_acked:9 bytes_received:9 lastsnd:8 lastrcv:8';
    expect(pending(line(`${tie} lastack:8 data_segs_in:2`))).toEqual([true]);
    expect(pending(line(`${tie} lastack:4 data_segs_in:2`))).toEqual([false]);
    expect(pending(line(`${tie} lastack:8 data_segs_in:1`))).toEqual([false]);
    expect(pending(line(`${tie} lastack:4 data_segs_in:2`).replace('ESTAB', 'CLOSE-WAIT'))).toEqual([true]);
  });

  it('knows neither silence nor answer where the kernel tells no details', () => {
    expect(parseSs('ESTAB 0 0 127.0.0.1:8080 127.0.0.1:50001\n')).toMatchObject([{ silentMs: null, pending: true }]);
  });

  it('refuses a line that it does not understand rather than overlooking a connection', () => {
    expect(() => parseSs('Cannot open netlink socket')).toThrow('not a line of ss: Cannot open netlink socket');
  });
});
