import type { BalancerInvocation } from '../typed/actions/balancer.js';
import { worstExit } from '../exit-codes.js';
import { formatBalancers } from '../format/balancer.js';
import { toLine } from '../format/error.js';
import { balancersToJson } from '../format/json-balancer.js';
import type { Connected } from '../session.js';

/** `balancer status|out|in`: after a change, what the balancers say then. */
export async function balancer({ api, deps, options, style, signal }: Connected, invocation: BalancerInvocation): Promise<number> {
  const { action } = invocation;
  const report =
    action === 'balancer status'
      ? await api.balancers(signal)
      : await api.setBackends(
          {
            wanted: action === 'balancer out' ? 'out' : 'in',
            selectors: invocation.selectors,
            by: deps.by,
            force: invocation.force,
            forS: invocation.forS,
            reason: invocation.reason,
          },
          signal,
        );
  deps.terminal.out(
    options.json
      ? toLine(balancersToJson(action, report))
      : formatBalancers(report, { verbose: options.verbose, now: deps.clock.now() }, style),
  );
  return worstExit([report.exit]);
}
