"""A filter in front of Zope: says who answers, and holds back the answer to `…/slow?ms=N`, one thread of waitress busy meanwhile."""

import os
import time
from urllib.parse import parse_qs


def filter_factory(global_conf, name):
    def wrap(application):
        def handle(environ, start_response):
            path = environ.get('PATH_INFO', '')
            if path.endswith('/slow'):
                query = parse_qs(environ.get('QUERY_STRING', ''))
                time.sleep(int(query.get('ms', ['1000'])[0]) / 1000)
                environ['PATH_INFO'] = path[: -len('slow')]

            def start(status, headers, exc_info=None):
                return start_response(status, headers + [('X-Served-By', '%s %d' % (name, os.getpid()))], exc_info)

            return application(environ, start)

        return handle

    return wrap
