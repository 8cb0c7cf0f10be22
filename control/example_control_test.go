package control_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/backstay/backstay/control"
)

// The server signs a snapshot; a process trusts that key and no other.
func ExampleEnvelope_Verify() {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	envelope, err := control.Sign(control.Snapshot{Version: 42, Service: "order"}, private)
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := envelope.Verify(public)
	fmt.Println(snapshot.Version, snapshot.Service, err)

	envelope.Payload[0]++ // somebody changed it on the way
	_, err = envelope.Verify(public)
	fmt.Println(errors.Is(err, control.ErrSignature))
	// Output:
	// 42 order <nil>
	// true
}
