package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// liteConn is the writing connection as its driver offers it, with the queue's
// statements prepared on it. The same by way of database/sql, which checks and
// copies each argument and binds each statement to each transaction, takes a
// fifth longer. Only the holder of the connection uses it.
type liteConn struct {
	opened driver.Conn
	stmts  map[string]liteStmt
	args   []driver.NamedValue // of the statement that is being run
	row    []driver.Value      // that is being read
}

type liteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// direct runs f with the connection. Errors of f are answered as they are.
func (q *liteQueue) direct(conn *sql.Conn, f func(*liteConn) error) error {
	return conn.Raw(func(opened any) error {
		if q.conn == nil || q.conn.opened != opened { // the pool opened another one
			q.conn = &liteConn{opened: opened.(driver.Conn), stmts: map[string]liteStmt{}}
		}
		return f(q.conn)
	})
}

func (c *liteConn) close() error {
	var all error
	for _, stmt := range c.stmts {
		all = errors.Join(all, stmt.Close())
	}
	clear(c.stmts)
	return all
}

// inTx runs f between begin and commit.
func (c *liteConn) inTx(f func() error) error {
	tx, err := c.opened.(driver.ConnBeginTx).BeginTx(context.Background(), driver.TxOptions{})
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (c *liteConn) stmt(text string) (liteStmt, error) {
	stmt := c.stmts[text]
	if stmt == nil {
		prepared, err := c.opened.(driver.ConnPrepareContext).PrepareContext(context.Background(), text)
		if err != nil {
			return nil, err
		}
		stmt = prepared.(liteStmt)
		c.stmts[text] = stmt
	}
	return stmt, nil
}

// exec runs a statement and says how many rows it changed. No context that can
// end is given to the driver: it would watch it with a goroutine per statement.
func (c *liteConn) exec(text string, args ...any) (changed int64, err error) {
	stmt, err := c.stmt(text)
	if err != nil {
		return 0, err
	}
	if err := c.take(args); err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), c.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one reads one row; false when there is none.
func (c *liteConn) one(text string, args []any, into ...any) (there bool, err error) {
	err = c.query(text, args, into, func() bool {
		there = true
		return false
	})
	return there, err
}

// each reads rows into the same variables and calls f after each.
func (c *liteConn) each(text string, args []any, into []any, f func()) error {
	return c.query(text, args, into, func() bool {
		f()
		return true
	})
}

// query reads rows while f wants more.
func (c *liteConn) query(text string, args []any, into []any, f func() (more bool)) (err error) {
	stmt, err := c.stmt(text)
	if err != nil {
		return err
	}
	if err := c.take(args); err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), c.args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		c.row = append(c.row[:0], make([]driver.Value, len(into))...)
		if err := rows.Next(c.row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for i, value := range c.row {
			if err := assign(into[i], value); err != nil {
				return fmt.Errorf("column %d: %w", i+1, err)
			}
		}
		if !f() {
			return nil
		}
	}
}

// take makes arguments fit for the driver.
func (c *liteConn) take(args []any) error {
	c.args = c.args[:0]
	for i, arg := range args {
		value, err := liteValue(arg)
		if err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return nil
}

func liteValue(arg any) (driver.Value, error) {
	switch v := arg.(type) {
	case nil, int64, string, []byte, bool, float64:
		return v, nil
	case int:
		return int64(v), nil
	case driver.Valuer:
		return v.Value()
	}
	return nil, fmt.Errorf("%T is nothing that SQLite stores", arg)
}

// assign sets the variable that a column is read into.
func assign(into any, value driver.Value) error {
	switch v := into.(type) {
	case sql.Scanner:
		return v.Scan(value)
	case *[]byte:
		b, ok := value.([]byte)
		if !ok && value != nil {
			return mismatch(into, value)
		}
		*v = b
		return nil
	case *string:
		return set(v, into, value)
	case *int64:
		return set(v, into, value)
	case *float64:
		return set(v, into, value)
	case *int:
		var n int64
		err := set(&n, into, value)
		*v = int(n)
		return err
	case *bool:
		var n int64
		err := set(&n, into, value)
		*v = n != 0
		return err
	}
	return mismatch(into, value)
}

func set[T any](v *T, into any, value driver.Value) error {
	got, ok := value.(T)
	if !ok {
		return mismatch(into, value)
	}
	*v = got
	return nil
}

func mismatch(into any, value driver.Value) error {
	return fmt.Errorf("%T can't hold %T", into, value)
}
