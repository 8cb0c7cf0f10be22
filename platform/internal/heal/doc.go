// Package heal decides which action comes next in an incident whose cause has
// been named. It is a ladder: contain at once, then restart, script and page,
// each only when the one before did not help within the time it was given.
//
// [Ladder] is a state machine without a clock or a goroutine: it hears about
// incidents ([Ladder.Observe]), is told the time ([Ladder.Tick]) and answers with
// commands. [Runner] carries the commands to the executor and brings back what
// became of them. Same inputs, same times: same commands.
package heal
