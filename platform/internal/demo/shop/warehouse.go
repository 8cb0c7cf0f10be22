package shop

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	// warehouseTime is how long the warehouse takes to count.
	warehouseTime = 15 * time.Millisecond
	// warehouseConnections is how many connections inventory may have to it.
	warehouseConnections = 200
)

// warehouse is an old system behind a TCP port that answers one question at a
// time on each connection: "STOCK sku" with the number in stock.
type warehouse struct {
	listener net.Listener
	cancel   context.CancelFunc
	sessions sync.WaitGroup
}

// openWarehouse listens on a free loopback port until ctx is done or it is closed.
func openWarehouse(ctx context.Context) (*warehouse, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("warehouse: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &warehouse{listener: listener, cancel: cancel}
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	w.sessions.Go(func() {
		defer stop()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w.sessions.Go(func() { w.session(ctx, conn) })
		}
	})
	return w, nil
}

// close ends all sessions.
func (w *warehouse) close() {
	w.cancel()
	w.sessions.Wait()
}

func (w *warehouse) session(ctx context.Context, conn net.Conn) {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		sku, ok := strings.CutPrefix(lines.Text(), "STOCK ")
		if !ok {
			return
		}
		select {
		case <-time.After(warehouseTime):
		case <-ctx.Done():
			return
		}
		if _, err := fmt.Fprintf(conn, "%d\n", 100+len(sku)); err != nil {
			return
		}
	}
}

// connections is a pool of connections to the warehouse: at most
// [warehouseConnections], opened when needed, given back by whoever took one and
// then used first.
type connections struct {
	address string
	places  chan struct{} // one for each connection that somebody has

	mu   sync.Mutex
	idle []net.Conn
}

func newConnections(address string) *connections {
	return &connections{address: address, places: make(chan struct{}, warehouseConnections)}
}

// take waits for a connection.
func (c *connections) take(ctx context.Context) (net.Conn, error) {
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("no free connection to the warehouse: %w", ctx.Err())
	}
	c.mu.Lock()
	if last := len(c.idle) - 1; last >= 0 {
		conn := c.idle[last]
		c.idle = c.idle[:last]
		c.mu.Unlock()
		return conn, nil
	}
	c.mu.Unlock()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.address)
	if err != nil {
		<-c.places
		return nil, fmt.Errorf("warehouse: %w", err)
	}
	return conn, nil
}

// give returns a connection; one that failed is closed.
func (c *connections) give(conn net.Conn, err error) {
	if err != nil {
		conn.Close()
	} else {
		c.mu.Lock()
		c.idle = append(c.idle, conn)
		c.mu.Unlock()
	}
	<-c.places
}

// stock asks for the number in stock.
func (c *connections) stock(ctx context.Context, sku string) (n int, err error) {
	conn, err := c.take(ctx)
	if err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() && err == nil {
			err = ctx.Err() // the deadline may hit the next one who takes it
		}
		c.give(conn, err)
	}()
	if _, err = fmt.Fprintf(conn, "STOCK %s\n", sku); err != nil {
		return 0, fmt.Errorf("warehouse: %w", err)
	}
	if _, err = fmt.Fscanln(conn, &n); err != nil {
		return 0, fmt.Errorf("warehouse: %w", err)
	}
	return n, nil
}
