import type { ControlApi } from '../../shared/model/control-api.js';
import type { Notifier } from './notifier.js';

/** The same API: what begins while one of its calls with `noMail` goes on is not mailed. */
export const withQuietCalls = (api: ControlApi, { hush }: Pick<Notifier, 'hush'>): ControlApi => ({
  ...api,
  async check(request, signal) {
    const end = request.noMail === true ? hush() : () => undefined;
    try {
      return await api.check(request, signal);
    } finally {
      end();
    }
  },
  async *run(request, signal) {
    const end = request.noMail === true ? hush() : () => undefined;
    try {
      yield* api.run(request, signal);
    } finally {
      end();
    }
  },
});
