import { describe, expect, it } from 'vitest';
import { parseHeader } from '../../../../agent/logs/headers.js';
import { timeOf } from '../../../../agent/logs/times.js';

describe('parseHeader', () => {
  it.each([
    ['2024-09-25 16:47:17,760 INFO    [Zope:42][MainThread] Ready', '2024-09-25 16:47:17,760', 'INFO'],
    ['2024-09-25 16:47:17,760 CRITICA [Zope:42][MainThread] x', '2024-09-25 16:47:17,760', 'CRITICAL'],
    ['2024-10-11 16:12:50 WARNING [waitress.queue:117] x', '2024-10-11 16:12:50', 'WARNING'],
    ['2011-11-13T12:06:07 INFO Zope Ready', '2011-11-13T12:06:07', 'INFO'],
    ['2011-11-13T12:06:07 something else', '2011-11-13T12:06:07', null],
    ['2024-09-25T16:47:17 (4711) INFO ZEO.StorageServer x', '2024-09-25T16:47:17', 'INFO'],
    ['2024-09-25T16:47:17.123456+02:00 web1 pound: x', '2024-09-25T16:47:17.123456+02:00', null],
    ['Sep  5 16:47:17 web1 pound[42]: (7f) e503 no back-end', 'Sep  5 16:47:17', null],
    ['127.0.0.1 - Anonymous [25/Sep/2024:16:47:17 +0200] "GET / HTTP/1.1" 200 1 "" "x"', '25/Sep/2024:16:47:17 +0200', null],
    ['www.example.org:80 10.0.0.1 - admin [25/Sep/2024:16:47:17 -0130] "GET /"', '25/Sep/2024:16:47:17 -0130', null],
    ['1727275637.123    84 10.0.0.1 TCP_MISS/200 5021 GET http://x/ - DIRECT/x text/html', '1727275637.123', null],
    ['2024/09/25 16:47:17 kid1| Starting Squid', '2024/09/25 16:47:17', null],
    ['[Wed Sep 25 16:47:17.123456 2024] [proxy:error] [pid 42] x', 'Wed Sep 25 16:47:17.123456 2024', 'ERROR'],
  ])('reads %s', (line, time, level) => expect(parseHeader(line)).toEqual({ time, level }));

  it.each(['', ' 2024-09-25 16:47:17 INFO x', '2024-09-25', 'Traceback (most recent call last):', '  File "x", line 1', 'KeyError: 42'])(
    'takes "%s" for no beginning of an entry',
    (line) => expect(parseHeader(line)).toBeNull(),
  );
});

describe('timeOf', () => {
  const written = Date.UTC(2024, 9, 1);
  const local = (year: number, month: number, day: number, hour: number, minute: number, second: number, ms = 0) =>
    new Date(year, month, day, hour, minute, second, ms).getTime();

  it.each([
    ['2024-09-25 16:47:17,760', local(2024, 8, 25, 16, 47, 17, 760)],
    ['2011-11-13T12:06:07', local(2011, 10, 13, 12, 6, 7)],
    ['2024-09-25T16:47:17.123456+02:00', Date.UTC(2024, 8, 25, 14, 47, 17, 123)],
    ['2024-09-25T16:47:17Z', Date.UTC(2024, 8, 25, 16, 47, 17)],
    ['25/Sep/2024:16:47:17 -0130', Date.UTC(2024, 8, 25, 18, 17, 17)],
    ['1727275637.123', 1_727_275_637_123],
    ['2024/09/25 16:47:17', local(2024, 8, 25, 16, 47, 17)],
    ['Wed Sep 25 16:47:17.12 2024', local(2024, 8, 25, 16, 47, 17, 120)],
    ['Sep 25 16:47:17', local(2024, 8, 25, 16, 47, 17)],
    // Written in autumn, so December was last year's.
    ['Dec 25 16:47:17', local(2023, 11, 25, 16, 47, 17)],
    ['2024-13-25 16:47:17', null],
    ['25/Foo/2024:16:47:17 +0000', null],
    ['2024-09-25 25:47:17', null],
    ['yesterday', null],
  ])('reads %s', (text, time) => expect(timeOf(text, text.startsWith('Dec') ? local(2024, 4, 1, 0, 0, 0) : written)).toBe(time));
});
