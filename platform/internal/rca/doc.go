// Package rca names the cause of a burning objective. It walks the service graph
// from the burning service along edges that got worse, looks in every service on
// the way for something wrong that its own dependencies do not explain, and names
// the service with the strongest evidence. A caller that only waits for a slow
// dependency or passes its errors on is not the cause. Where nothing is wrong, or
// the evidence is weak, it abstains.
//
// The finder is a pure function: the same input gives the same verdict, byte for
// byte, and it has one configuration for all shapes of systems.
package rca
