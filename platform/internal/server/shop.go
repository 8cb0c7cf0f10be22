package server

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/demo"
)

// openShop applies the shop's documents and starts its processes.
func (s *server) openShop(ctx context.Context, address string) error {
	if _, err := s.goals.apply(ctx, api.Document{File: "demo/objectives.yaml", Data: demo.Objectives(), By: "demo"}, false); err != nil {
		return err
	}
	if _, err := s.plane.ApplyPolicies(ctx, "demo/policies.yaml", demo.Policies(), "demo"); err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("demo: find this program: %w", err)
	}
	shop, err := demo.Start(ctx, demo.Config{
		Command:    []string{exe, "demo", "process"},
		ControlURL: "http://" + address, ControlKey: s.plane.PublicKey(), OTLP: "http://" + s.otlpHTTP(), Token: s.opts.Config.Token,
		StateDir: filepath.Join(s.opts.Config.DataDir, "demo"),
		Armer:    s.plane, Log: s.opts.Log,
	})
	if err != nil {
		return err
	}
	s.shop = shop
	s.restarter.shop.Store(shop)
	return nil
}

// lateRestarter restarts processes of the shop once there is one.
type lateRestarter struct{ shop atomic.Pointer[demo.Shop] }

// Supervises reports whether the shop runs the service.
func (l *lateRestarter) Supervises(service string) bool {
	shop := l.shop.Load()
	return shop != nil && shop.Supervises(service)
}

// Restart restarts the service's process.
func (l *lateRestarter) Restart(ctx context.Context, service, instance string) error {
	shop := l.shop.Load()
	if shop == nil {
		return fmt.Errorf("restart %s: nobody here supervises it", service)
	}
	return shop.Restart(ctx, service, instance)
}

// shopDoor is the shop as the API drives it, from the server's first moment on.
type shopDoor struct{ *server }

var errShopStarting = api.NewProblem(http.StatusServiceUnavailable, "the demo shop is starting", "ask again in a second")

func (d shopDoor) open() (*demo.Shop, error) {
	if shop := d.restarter.shop.Load(); shop != nil {
		return shop, nil
	}
	return nil, errShopStarting
}

// Status is the state of the shop.
func (d shopDoor) Status(ctx context.Context) (api.Demo, error) {
	shop, err := d.open()
	if err != nil {
		return api.Demo{}, err
	}
	return shop.Status(ctx)
}

// Break arms a fault.
func (d shopDoor) Break(ctx context.Context, fault string) error {
	shop, err := d.open()
	if err != nil {
		return err
	}
	return shop.Break(ctx, fault)
}

// Heal lifts the fault.
func (d shopDoor) Heal(ctx context.Context) error {
	shop, err := d.open()
	if err != nil {
		return err
	}
	return shop.Heal(ctx)
}

// Protect restarts the shop with or without its policies.
func (d shopDoor) Protect(ctx context.Context, protected bool) error {
	shop, err := d.open()
	if err != nil {
		return err
	}
	return shop.Protect(ctx, protected)
}
