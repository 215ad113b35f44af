/** The arrows of the architecture: shared/model <- errors <- ports, ini, wire, rpc <- agent | controller. */
const only = (name, pkg, place) => ({
  name,
  comment: `${pkg} is used in one place: ${place}`,
  severity: 'error',
  from: { path: '^(shared|agent|controller)/', pathNot: place },
  to: { path: `node_modules/(${pkg})/` },
});
const never = (name, from, to, comment, extra = {}) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, ...extra },
  to: { path: to },
});
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    never('agent-knows-no-controller', '^agent/', '^controller/', 'they speak over the wire only'),
    never('controller-knows-no-agent', '^controller/', '^agent/', 'embedded mode hands the agent in from main', {
      pathNot: '^controller/embedded\\.ts$',
    }),
    never('shared-is-the-bottom', '^shared/', '^(agent|controller|test|deploy)/', 'arrows point down'),
    never('model-is-pure', '^shared/model/', '^shared/(ports|wire|rpc|ini|log|lifecycle)', 'the model knows no effects'),
    never('product-knows-no-tests', '^(shared|agent|controller)/', '^(test|deploy)/', 'tests know the product'),
    never(
      'ctl-is-a-client',
      '^controller/ctl/',
      '^controller/(?!ctl/|config/|embedded)',
      'the command line imports shared/ only; offline config check and embedded mode are the exceptions',
    ),
    never('the-wall', '^(agent|controller|test)/', '^shared/wire/gen/', 'generated types stay behind shared/wire', {
      pathNot: '^test/(unit|integration)/wire',
    }),
    never(
      'rolling-core-is-pure',
      '^controller/rolling/(plan|plan-.*|make-plan|events|facts|patience|progress|decide-.*|repair-brake|run-action|roots|starting|report)\\.ts$',
      '^(shared/(ports|rpc|wire)|controller/(fleet|checks))',
      'the policy does no I/O',
    ),
    never(
      'incidents-core-is-pure',
      '^controller/incidents/(decide|observation|sightings|starts|state)\\.ts$',
      '^(shared/(ports|rpc|wire|log)|controller/(fleet|checks|history|monitor|notify))',
      'what counts as trouble is decided without I/O',
    ),
    only('ini', 'ini', '^shared/ini/'),
    only('execa', 'execa', '^shared/ports/'),
    only('undici', 'undici', '^shared/ports/'),
    only('pidusage', 'pidusage', '^agent/memory/'),
    only('nodemailer', 'nodemailer', '^controller/notify/smtp\\.ts$'),
    only('pino', 'pino', '^shared/log\\.ts$'),
    only('libsql', 'libsql', '^controller/history/database\\.ts$'),
    only('recheck', 'recheck', '^controller/config/explosive\\.ts$'),
    only('certificates', '@peculiar/x509|reflect-metadata', '^shared/pki/x509\\.ts$'),
    only('grpc', '@grpc/grpc-js|nice-grpc|nice-grpc-common', '^shared/(rpc|wire)/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    exclude: { path: '^(dist|\\.cache)/' },
  },
};
