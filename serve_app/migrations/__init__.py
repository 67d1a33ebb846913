"""The job store's schema, step by step; `serve_app.database` runs what is missing when it opens a store.

A step only adds (tables, nullable columns, columns with a server default), so that replicas of the version before work
on while those of the next start. Each is one file in `versions`; the last one's number is `database.REVISION`.
"""
