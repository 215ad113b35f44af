"""A filter in front of Zope: says who answers, and holds back the answer to `…/slow?ms=N`, one thread of waitress busy meanwhile.
`…/leak?mb=N` takes memory that is never given back, `…/work?ms=N` CPU time.

What ctl itself asks for is written to var/timeline.jsonl of the instance, with the time of the process's exec: what a start really took.
"""

import json
import os
import time
from urllib.parse import parse_qs


def exec_time():
    with open('/proc/self/stat') as stat, open('/proc/uptime') as uptime:
        ticks = int(stat.read().rpartition(')')[2].split()[19])
        return time.time() - (float(uptime.read().split()[0]) - ticks / os.sysconf('SC_CLK_TCK'))


def filter_factory(global_conf, name):
    timeline = os.path.join(os.path.dirname(global_conf['here']), 'var', 'timeline.jsonl')
    started = exec_time()

    def note(path, begin, status):
        with open(timeline, 'a') as file:
            line = {'pid': os.getpid(), 'exec': started, 'path': path, 'from': begin, 'to': time.time(), 'status': status}
            file.write(json.dumps(line) + '\n')

    leaked = []

    def wrap(application):
        def handle(environ, start_response):
            begin = time.time()
            seen = {}
            path = environ.get('PATH_INFO', '')
            if path.endswith('/slow'):
                query = parse_qs(environ.get('QUERY_STRING', ''))
                time.sleep(int(query.get('ms', ['1000'])[0]) / 1000)
                environ['PATH_INFO'] = path[: -len('slow')]

            if path.endswith('/work'):
                until = time.time() + int(parse_qs(environ.get('QUERY_STRING', '')).get('ms', ['1000'])[0]) / 1000
                while time.time() < until:
                    pass
                environ['PATH_INFO'] = path[: -len('work')]

            if path.endswith('/leak'):
                query = parse_qs(environ.get('QUERY_STRING', ''))
                leaked.append(b'x' * (int(query.get('mb', ['1'])[0]) << 20))
                environ['PATH_INFO'] = path[: -len('leak')]

            def start(status, headers, exc_info=None):
                seen['status'] = int(status.split()[0])
                return start_response(status, headers + [('X-Served-By', '%s %d' % (name, os.getpid()))], exc_info)

            result = application(environ, start)
            if environ.get('HTTP_USER_AGENT') == 'ctl':
                note(path, begin, seen.get('status'))
            return result

        return handle

    return wrap
