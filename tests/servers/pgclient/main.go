// SPDX-License-Identifier: Apache-2.0

// Does with pgx what tests/integration/postgres_clients/README.md lists, at
// the server that the environment names (PGHOST, PGPASSFILE, ...), and prints
// one line for each thing.
package main

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var ctx = context.Background()

func sqlState(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	return fmt.Sprintf("no SQLSTATE: %v", err)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	db, err := pgx.Connect(ctx, "")
	check(err)
	defer db.Close(ctx)
	prepared(db)
	transaction(db)
	copied(db)
	notified(db)
	failed(db)
	large(db)
	parameters(db)
	batch(db)
	cancelled(db)
}

func prepared(db *pgx.Conn) {
	_, err := db.Prepare(ctx, "sum", "SELECT $1::int + $2::int")
	check(err)
	for i := 0; i < 3; i++ {
		var sum int
		check(db.QueryRow(ctx, "sum", i, 10).Scan(&sum))
		fmt.Println("prepared", sum)
	}
}

func transaction(db *pgx.Conn) {
	_, err := db.Exec(ctx, "CREATE TEMP TABLE t (id int PRIMARY KEY, name text)")
	check(err)
	tx, err := db.Begin(ctx)
	check(err)
	_, err = tx.Exec(ctx, "INSERT INTO t VALUES ($1, $2)", 1, "gone")
	check(err)
	check(tx.Rollback(ctx))
	tx, err = db.Begin(ctx)
	check(err)
	_, err = tx.Exec(ctx, "INSERT INTO t VALUES ($1, $2)", 2, "kept")
	check(err)
	_, err = tx.Exec(ctx, "SAVEPOINT s")
	check(err)
	_, err = tx.Exec(ctx, "INSERT INTO t VALUES ($1, $2)", 2, "again")
	fmt.Println("duplicate", sqlState(err))
	_, err = tx.Exec(ctx, "ROLLBACK TO SAVEPOINT s")
	check(err)
	check(tx.Commit(ctx))
	var names string
	check(db.QueryRow(ctx, "SELECT string_agg(name, ',') FROM t").Scan(&names))
	fmt.Println("transaction", names)
}

func copied(db *pgx.Conn) {
	rows := make([][]any, 5000)
	for i := range rows {
		rows[i] = []any{i + 10, strings.Repeat("x", i%200)}
	}
	count, err := db.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"id", "name"},
		pgx.CopyFromRows(rows))
	check(err)
	sum := md5.New()
	tag, err := db.PgConn().CopyTo(ctx, sum,
		"COPY (SELECT * FROM t ORDER BY id) TO STDOUT")
	check(err)
	fmt.Printf("copy %d %s %x\n", count, tag, sum.Sum(nil))
}

func notified(db *pgx.Conn) {
	_, err := db.Exec(ctx, "LISTEN news")
	check(err)
	_, err = db.Exec(ctx, "SELECT pg_notify('news', 'hello')")
	check(err)
	said, err := db.WaitForNotification(ctx)
	check(err)
	fmt.Println("notify", said.Channel, said.Payload)
}

func failed(db *pgx.Conn) {
	for _, sql := range []string{"SELECT 1/0", "SELECT no_such_column", "SELEC"} {
		_, err := db.Exec(ctx, sql)
		fmt.Println("error", sqlState(err))
	}
}

func large(db *pgx.Conn) {
	var text string
	check(db.QueryRow(ctx, "SELECT repeat('0123456789', 2000000)").Scan(&text))
	fmt.Printf("large row %d %x\n", len(text), md5.Sum([]byte(text)))
	var size int
	check(db.QueryRow(ctx, "SELECT length($1::text)", text).Scan(&size))
	fmt.Println("large parameter", size)
}

func parameters(db *pgx.Conn) {
	values := make([]any, 10000)
	terms := make([]string, len(values))
	for i := range values {
		values[i] = i
		terms[i] = fmt.Sprintf("$%d::int", i+1)
	}
	var sum int
	check(db.QueryRow(ctx, "SELECT "+sumOf(terms), values...).Scan(&sum))
	fmt.Println("parameters", sum)
}

// A flat list: a sum of so many terms would be too deep for the server.
func sumOf(terms []string) string {
	return "sum(x)::int FROM unnest(ARRAY[" + strings.Join(terms, ",") + "]) x"
}

func batch(db *pgx.Conn) {
	batch := &pgx.Batch{}
	for i := 0; i < 100; i++ {
		batch.Queue("SELECT $1::int * 2", i)
	}
	answers := db.SendBatch(ctx, batch)
	sum := 0
	for i := 0; i < 100; i++ {
		var one int
		check(answers.QueryRow().Scan(&one))
		sum += one
	}
	check(answers.Close())
	fmt.Println("batch", sum)
}

// By a request of its own, as psql does it.
func cancelled(db *pgx.Conn) {
	go func() {
		time.Sleep(300 * time.Millisecond)
		check(db.PgConn().CancelRequest(ctx))
	}()
	_, err := db.Exec(ctx, "SELECT pg_sleep(60)")
	fmt.Println("cancel", sqlState(err))
	var one int
	check(db.QueryRow(ctx, "SELECT 1").Scan(&one))
	fmt.Println("goes on", one)
}
