# SPDX-License-Identifier: Apache-2.0
"""Does with psycopg what README.md lists, and prints one line for each."""
import hashlib
import threading

import psycopg


def sqlstate(db, sql):
    try:
        db.execute(sql)
    except psycopg.Error as error:
        return error.sqlstate
    return "no error"


def transaction(db):
    db.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name text)")
    with db.transaction(force_rollback=True):
        db.execute("INSERT INTO t VALUES (%s, %s)", (1, "gone"))
    with db.transaction():
        db.execute("INSERT INTO t VALUES (%s, %s)", (2, "kept"))
        try:
            with db.transaction():
                db.execute("INSERT INTO t VALUES (2, 'again')")
        except psycopg.Error as error:
            print("duplicate", error.sqlstate)
    print("transaction", db.execute("SELECT string_agg(name, ',') FROM t").fetchone()[0])


def copied(db):
    with db.cursor() as cursor:
        with cursor.copy("COPY t FROM STDIN") as copy:
            for i in range(5000):
                copy.write_row((i + 10, "x" * (i % 200)))
        digest = hashlib.md5()
        with cursor.copy("COPY (SELECT * FROM t ORDER BY id) TO STDOUT") as copy:
            for piece in copy:
                digest.update(piece)
    print("copy", digest.hexdigest())


def cancelled(db):
    timer = threading.Timer(0.3, db.cancel)
    timer.start()
    print("cancel", sqlstate(db, "SELECT pg_sleep(60)"))
    print("goes on", db.execute("SELECT 1").fetchone()[0])


def main():
    db = psycopg.connect(autocommit=True)
    for i in range(3):
        print("prepared", db.execute("SELECT %s::int + 10", (i,), prepare=True).fetchone()[0])
    transaction(db)
    copied(db)
    db.execute("LISTEN news")
    # By another session: psycopg drops what comes with an answer.
    with psycopg.connect(autocommit=True) as other:
        other.execute("SELECT pg_notify('news', 'hello')")
    said = next(db.notifies())
    print("notify", said.channel, said.payload)
    for sql in ("SELECT 1/0", "SELECT no_such_column", "SELEC"):
        print("error", sqlstate(db, sql))
    text = db.execute("SELECT repeat('0123456789', 2000000)").fetchone()[0]
    print("large row", len(text), hashlib.md5(text.encode()).hexdigest())
    print("large parameter", db.execute("SELECT length(%s::text)", (text,)).fetchone()[0])
    terms = ",".join(["%s::int"] * 10000)
    total = db.execute(f"SELECT sum(x)::int FROM unnest(ARRAY[{terms}]) x", list(range(10000)))
    print("parameters", total.fetchone()[0])
    with db.pipeline():
        answers = [db.execute("SELECT %s::int * 2", (i,)) for i in range(100)]
    print("batch", sum(answer.fetchone()[0] for answer in answers))
    cancelled(db)
    db.close()


main()
