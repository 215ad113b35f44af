"""Run by zconsole on an empty database: an administrator, and a site with a few pages.

CTL_SECTIONS in the environment: so many sections of 200 documents beside them, each with a page that lists its documents; a client
that has just started has to load them all from the database, as a real site's front pages do.
"""

import os

import transaction

app.acl_users._doAddUser('admin', 'secret', ['Manager'], [])  # noqa: F821
app.manage_addFolder('site')  # noqa: F821
for name, title in (('index_html', 'Home'), ('news', 'News'), ('contact', 'Contact')):
    app.site.manage_addDTMLMethod(  # noqa: F821
        name, title, file='<!DOCTYPE html>\n<html><body><h1>%s</h1><p><dtml-var absolute_url></p></body></html>\n' % title
    )
LISTING = '<ul><dtml-in "objectValues(\'DTML Document\')"><li><dtml-var title_or_id>: <dtml-var "getSize()"></li></dtml-in></ul>\n'
for number in range(int(os.environ.get('CTL_SECTIONS', '0'))):
    app.site.manage_addFolder('section%d' % number)  # noqa: F821
    section = app.site['section%d' % number]  # noqa: F821
    section.manage_addDTMLMethod('index_html', 'Section', file=LISTING)
    for document in range(200):
        section.manage_addDTMLDocument('document%d' % document, 'Document %d' % document, file='<p>%s</p>\n' % ('text ' * 100))
transaction.commit()
