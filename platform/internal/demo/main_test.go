package demo_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/backstay/backstay/platform/internal/demo"
)

// asProcess, when set, makes the test binary a process of the shop.
const asProcess = "BACKSTAY_TEST_SHOP_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asProcess) == "" {
		// What the tests start inherits it.
		if err := os.Setenv(asProcess, "1"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	if err := demo.RunProcess(context.Background(), os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
