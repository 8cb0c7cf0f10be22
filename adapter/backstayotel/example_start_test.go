package backstayotel_test

import (
	"context"
	"fmt"

	"github.com/backstay/backstay/adapter/backstayotel"
	"github.com/backstay/backstay/service"
)

// One call sets up OpenTelemetry, one field joins it with Backstay. No receiver
// runs here, which neither call minds.
func ExampleStart() {
	ctx := context.Background()
	telemetry, err := backstayotel.Start(ctx, backstayotel.Config{Service: "order", Version: "1.4.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = telemetry.Shutdown(ctx) }()
	svc, err := service.Start(ctx, service.Config{Name: "order", Version: "1.4.0", Tracer: telemetry.Recorder()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = svc.Shutdown(ctx) }()
	fmt.Println("spans lost:", telemetry.Dropped())
	// Output: spans lost: 0
}
