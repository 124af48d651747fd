//go:build race

package app

// raced is how many times the memory of a program the race detector's shadow takes, at most.
const raced = 4
