import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAnswer, encodeCall, type RpcValue } from '../../../../agent/services/xml-rpc.js';

const captured = (name: string) =>
  decodeAnswer(readFileSync(join(import.meta.dirname, '../../../fixtures/supervisor', `${name}-4.2.5.xml`), 'utf8'));
const answer = (value: string) => `<?xml version='1.0'?>\n<methodResponse><params><param>${value}</param></params></methodResponse>\n`;
const decode = (value: string) => decodeAnswer(answer(value));

describe('encodeCall', () => {
  it('writes a call with what the name of a program may hold', () => {
    expect(encodeCall('supervisor.startProcess', ['zope:<1> & "2"', false, -2])).toBe(
      '<?xml version="1.0"?><methodCall><methodName>supervisor.startProcess</methodName><params>' +
        '<param><value><string>zope:&lt;1&gt; &amp; "2"</string></value></param>' +
        '<param><value><boolean>0</boolean></value></param>' +
        '<param><value><int>-2</int></value></param></params></methodCall>',
    );
  });
});

describe('decodeAnswer', () => {
  it('reads a struct as a real supervisor writes it', () => {
    expect(captured('running')).toMatchObject({
      ok: true,
      value: { name: 'stays', group: 'stays', statename: 'RUNNING', spawnerr: '', exitstatus: 0, pid: 23810 },
    });
  });

  it('reads an array', () => {
    expect(captured('tail')).toEqual({
      ok: true,
      value: ['Traceback (most recent call last):\nOSError: [Errno 98] Address already in use\n', 78, false],
    });
  });

  it.each([
    ['bad-name', 10, 'BAD_NAME: nowhere'],
    ['missing', 20, "NO_FILE: can't find command '/nowhere/program'"],
    ['already', 60, 'ALREADY_STARTED: stays'],
    ['not-running', 70, 'NOT_RUNNING: exits'],
    ['unknown-method', 1, 'UNKNOWN_METHOD'],
  ])('reads the fault %s', (name, code, message) => expect(captured(name)).toEqual({ ok: false, code, message }));

  it.each<[string, RpcValue]>([
    ['<value>plain &lt;text&gt; &#228;&#x20AC; </value>', 'plain <text> ä€ '],
    ['<value/>', ''],
    ['<value></value>', ''],
    ['<value><string/></value>', ''],
    ['<value><i4>-7</i4></value>', -7],
    ['<value><double>2.5</double></value>', 2.5],
    ['<value> <nil/> </value>', null],
    ['<value><array><data/></array></value>', []],
    ['<value><array><data></data></array></value>', []],
    ['<value><struct></struct></value>', {}],
  ])('reads %s', (text, value) => expect(decode(text)).toEqual({ ok: true, value }));

  it('takes no name for more than a name', () => {
    const { value } = decode('<value><struct><member><name>__proto__</name><value>x</value></member></struct></value>') as {
      value: object;
    };
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each([
    ['', '"" instead of <methodResponse> at character 0'],
    ['<html><body>502</body></html>', '"<html><body>502</bod" instead of <methodResponse> at character 0'],
    [answer('<value><int>12</int></value>').slice(0, 60), '"" instead of </'],
    [answer('<value><int>zwölf</int></value>'), '"zwölf" as int'],
    [answer('<value><base64>eA==</base64></value>'), 'a value of type <base64>'],
    [answer('<value>&nbsp;</value>'), 'the entity "&nbsp;"'],
    [answer('<value>a & b</value>'), 'the entity "&"'],
    [answer('<value>&constructor;</value>'), 'the entity "&constructor;'],
    [`${answer('<value>a</value>')}<more/>`, 'more at character'],
    [answer('<value type="x">a</value>'), '"<value type="x">a</v" instead of <value>'],
    [answer(`${'<value><array><data>'.repeat(20)}${'</data></array></value>'.repeat(20)}`), 'values within more than 16 others'],
    ['<methodResponse><fault><value>no</value></fault></methodResponse>', 'a fault without faultCode and faultString'],
  ])('refuses %j', (text, why) => expect(() => decodeAnswer(text)).toThrow(why));

  it('reads back any text that is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sent = encodeCall('m', [text]);
        const value = /<param>(.*)<\/param>/s.exec(sent)?.[1] ?? '';
        expect(decode(value)).toEqual({ ok: true, value: text });
      }),
    );
  });
});
