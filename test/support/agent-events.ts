import type { AgentEvent } from '../../shared/model/agent-event.js';

export const anEvent = (id: string, service = 'zeoclient1.1', text = `2024-09-25 16:47:17,760 CRITICAL [x] ${id}`): AgentEvent => ({
  id,
  at: 1_727_275_637_760,
  service,
  kind: 'critical-entry',
  entry: { time: '2024-09-25 16:47:17,760', level: 'CRITICAL', text },
  file: '/srv/zope/1/log/event.log',
});
