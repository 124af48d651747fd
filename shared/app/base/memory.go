package base

import "firn/shared/budget"

// Memory divides the memory of a process. What it leaves free is for the collector, and for what is not
// counted: connections, clients, the cache of the table's driver.
type Memory struct {
	Budget      *budget.Budget // of requests in flight; nil: they are not bounded
	Store       int            // bytes that the store remembers of what it read; 0: its default
	Credentials int            // bytes of the credentials that each cache keeps; 0: the cache's default
	Garbage     int64          // bytes that the collector may leave uncollected
}

// The parts of a memory limit, and what is enough for each: beyond, more memory makes nothing faster.
const (
	requestsPart, enoughForRequests       = 4, 1 << 30 // a quarter
	storePart, enoughForStore             = 8, 96 << 20
	credentialsPart, enoughForCredentials = 16, 48 << 20
	garbagePart                           = 4
)

// Divide divides a memory limit of so many bytes.
func Divide(limit int64) Memory {
	return Memory{
		Budget:      budget.New(min(limit/requestsPart, enoughForRequests)),
		Store:       int(min(limit/storePart, enoughForStore)),
		Credentials: int(min(limit/credentialsPart, enoughForCredentials)),
		Garbage:     limit / garbagePart,
	}
}
