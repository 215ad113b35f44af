"""Run by zconsole on an empty database: an administrator, and a site with a few pages."""

import transaction

app.acl_users._doAddUser('admin', 'secret', ['Manager'], [])  # noqa: F821
app.manage_addFolder('site')  # noqa: F821
for name, title in (('index_html', 'Home'), ('news', 'News'), ('contact', 'Contact')):
    app.site.manage_addDTMLMethod(  # noqa: F821
        name, title, file='<!DOCTYPE html>\n<html><body><h1>%s</h1><p><dtml-var absolute_url></p></body></html>\n' % title
    )
transaction.commit()
