# SPDX-License-Identifier: Apache-2.0
"""Does with psycopg2 and SQLAlchemy what README.md lists, as far as they can."""
import hashlib
import io
import select
import threading

import psycopg2
import sqlalchemy


def sqlstate(cursor, sql):
    try:
        cursor.execute(sql)
    except psycopg2.Error as error:
        return error.pgcode
    return "no error"


def direct():
    db = psycopg2.connect("")
    db.autocommit = True
    cursor = db.cursor()
    cursor.execute("PREPARE sum AS SELECT $1::int + 10")
    for i in range(3):
        cursor.execute("EXECUTE sum(%s)", (i,))
        print("prepared", cursor.fetchone()[0])
    cursor.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name text)")
    rows = "".join(f"{i}\t{'x' * (i % 200)}\n" for i in range(5000))
    cursor.copy_expert("COPY t FROM STDIN", io.StringIO(rows))
    out = io.BytesIO()
    cursor.copy_expert("COPY (SELECT * FROM t ORDER BY id) TO STDOUT", out)
    print("copy", hashlib.md5(out.getvalue()).hexdigest())
    cursor.execute("LISTEN news; NOTIFY news, 'hello'")
    while not db.notifies:
        select.select([db], [], [], 10)
        db.poll()
    print("notify", db.notifies[0].channel, db.notifies[0].payload)
    for sql in ("SELECT 1/0", "SELECT no_such_column", "SELEC"):
        print("error", sqlstate(cursor, sql))
    cursor.execute("SELECT repeat('0123456789', 2000000)")
    print("large row", hashlib.md5(cursor.fetchone()[0].encode()).hexdigest())
    threading.Timer(0.3, db.cancel).start()
    print("cancel", sqlstate(cursor, "SELECT pg_sleep(60)"))
    db.close()


def by_sqlalchemy():
    engine = sqlalchemy.create_engine("postgresql+psycopg2://", pool_pre_ping=True)
    numbers = sqlalchemy.Table(
        "alchemy", sqlalchemy.MetaData(), sqlalchemy.Column("n", sqlalchemy.Integer),
        prefixes=["TEMPORARY"])
    with engine.connect() as db:
        numbers.create(db)
        with db.begin():
            db.execute(numbers.insert(), [{"n": n} for n in range(1000)])
        print("sqlalchemy", db.execute(sqlalchemy.func.sum(numbers.c.n).select()).scalar())
    # From the pool, looked at before it is used.
    with engine.connect() as db:
        try:
            db.execute(sqlalchemy.text("SELECT 1/0"))
        except sqlalchemy.exc.DBAPIError as error:
            print("error", error.orig.pgcode)


direct()
by_sqlalchemy()
