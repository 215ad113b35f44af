import { expect, test } from 'vitest';
import { completeKeys, completeSections, completeValues } from '../../../../controller/config/complete.js';

test('keys are offered by the section, and by the type of a service, but for those that are written already', () => {
  expect(completeKeys('feedcache', null)).toEqual([
    { word: 'url', meaning: 'Paths fetched on each client before it goes back in, one a line.' },
    { word: 'concurrency', meaning: 'Paths fetched at once.' },
  ]);
  expect(completeKeys('feedcache', null, ['url']).map(({ word }) => word)).toEqual(['concurrency']);
  const pound = completeKeys('pound1', 'Pound').map(({ word }) => word);
  expect(pound).toEqual(expect.arrayContaining(['machine', 'conf', 'drain', 'start_deadline']));
  expect(pound).not.toContain('cache_dir');
  expect(completeKeys('command Zope_1', null).map(({ word }) => word)).toEqual(['start', 'stop', 'user']);
});

test('nothing is offered in a section that nothing reads', () => {
  expect(completeKeys('junk', null)).toEqual([]);
  expect(completeKeys('__proto__', 'constructor')).toEqual([]);
});

test('values are offered where they are one of a few words', () => {
  expect(completeValues('pound1', 'Pound', 'apply')).toEqual(['auto', 'control', 'restart']);
  expect(completeValues('new', null, 'type')).toContain('ZeoClient');
  expect(completeValues('DEFAULT', null, 'timeout')).toEqual([]);
  expect(completeValues('pound1', 'Pound', 'toString')).toEqual([]);
});

test('sections with a name of their own are offered', () => {
  expect(completeSections()).toEqual(['DEFAULT', 'cluster', 'connect', 'feedcache', 'monitor', 'controller']);
});
