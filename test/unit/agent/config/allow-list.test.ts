import { describe, expect, test } from 'vitest';
import { createAllowList } from '../../../../agent/config/allow-list.js';
import { parseAgentConfig } from '../../../../agent/config/config.js';
import { AppError } from '../../../../shared/errors.js';

const allowing = (lines: string) => {
  const { config } = parseAgentConfig(`[agent]\nname = a\ncontroller = c:1\n[allow]\n${lines}`, '/etc/ctl/agent.ini');
  if (config === null) throw new Error('the test holds a wrong agent.ini');
  return createAllowList(config);
};

function refusal(call: () => void): { code: string; message: string; hint: string | undefined } | null {
  try {
    call();
    return null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { code: error.code, message: error.message, hint: error.hint };
  }
}

describe('services', () => {
  const allow = allowing('services = Zope_*, Pound');

  test.each(['Zope_1', 'Zope_', 'Pound'])('%s is allowed', (name) => {
    expect(refusal(() => allow.service(name))).toBeNull();
  });

  test.each(['zope_1', 'Pound2', 'xPound', ''])('"%s" is denied, and the hint names the line', (name) => {
    expect(refusal(() => allow.service(name))).toEqual({
      code: 'denied',
      message: `agent.ini does not allow the service "${name}"`,
      hint: `add ${name} to "services" in [allow] (/etc/ctl/agent.ini:5)`,
    });
  });
});

describe('paths', () => {
  const allow = allowing('paths = /srv/zope/*/log, /etc/pound/pound.cfg "C:\\Zope 2\\log" \\\\nas\\logs');

  test.each([
    ...['/srv/zope/1/log', '/srv/zope/1/log/', '/srv/zope/1/log/deep/event.log', '/srv/zope/x.y/./log//a'],
    ...['/etc/pound/pound.cfg', 'C:\\Zope 2\\log\\event.log', 'c:/zope 2/LOG/x', '\\\\nas\\logs\\a'],
  ])('%s is allowed', (path) => {
    expect(refusal(() => allow.path(path))).toBeNull();
  });

  test.each([
    ...['/srv/zope/1/logs', '/srv/zope/a/b/log', '/srv/zope/log', '/srv/zope', '/', '/etc/pound', '/etc/pound/pound.cfg2'],
    ...['/c:/zope 2/log', 'D:\\Zope 2\\log', '\\\\other\\logs\\a', 'C:\\Zope 2\\logs'],
  ])('%s is denied', (path) => {
    expect(refusal(() => allow.path(path))).toEqual({
      code: 'denied',
      message: `agent.ini does not allow the path ${path}`,
      hint: `add ${path} to "paths" in [allow] (/etc/ctl/agent.ini:5)`,
    });
  });

  test.each([
    ...['/srv/zope/1/log/../../etc', 'srv/zope/1/log', '', '/srv/zope/1/log\0', 'C:\\Zope 2\\log\\..\\x'],
    ...['\\\\?\\C:\\Zope 2\\log', '\\\\.\\pipe\\x', 'C:\\Zope 2\\log\\a.log:stream', 'C:\\Zope 2\\log.', 'C:log'],
  ])('%j is not a plain path', (path) => {
    expect(refusal(() => allow.path(path))).toMatchObject({ code: 'denied', message: `"${path}" is not a plain absolute path` });
  });
});

describe('actions', () => {
  test('only those of the list are allowed', () => {
    const allow = allowing('actions = start, stop');
    expect(refusal(() => allow.action('start'))).toBeNull();
    expect(refusal(() => allow.action('purge'))).toEqual({
      code: 'denied',
      message: 'agent.ini does not allow "purge"',
      hint: 'add purge to "actions" in [allow] (/etc/ctl/agent.ini:5)',
    });
  });

  test('without the line nothing is, and the hint says which line to add', () => {
    expect(refusal(() => allowing('').action('stop'))).toMatchObject({ hint: 'add "actions = stop" to [allow] in /etc/ctl/agent.ini' });
  });
});
