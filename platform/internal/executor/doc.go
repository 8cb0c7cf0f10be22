// Package executor is the only part of Backstay that changes anything outside
// its own process: it turns a wanted [action.Action] into an effect and back.
//
// Every action is planned first, and refused there when a limit forbids it or
// when nobody can carry it out. Applying it writes an audit entry before and
// after; an action with a lasting effect carries a lease that ends by itself and
// can be undone earlier. An action is thus planned → applied → done, undone or
// failed, and each step is heard by subscribers, so that deeds stand on the same
// charts as what caused them.
package executor
