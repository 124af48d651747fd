package faulty

import (
	"math/rand/v2"
	"runtime"

	"firn/shared/fault"
)

// Odds are the chances of each fault, 0 to 1, that Random gives to a call. At most one happens to it.
type Odds struct {
	LostRequest float64
	LostAnswer  float64
	Throttled   float64 // or Unavailable, evenly
	Torn        float64 // others may run between the halves of a Get
}

// Random is a plan for Driver.Plan: the same seed and the same order of calls give the same faults.
func Random(seed uint64, odds Odds) func(Call) Fault {
	rng := rand.New(rand.NewPCG(seed, 0))
	return func(c Call) Fault {
		rows := []struct {
			chance float64
			fault  Fault
		}{
			{odds.LostRequest, Fault{Lose: Request}},
			{odds.LostAnswer, Fault{Lose: Answer}},
			{odds.Throttled / 2, Fault{Refuse: fault.Throttled}},
			{odds.Throttled / 2, Fault{Refuse: fault.Unavailable}},
			{odds.Torn, Fault{Between: runtime.Gosched}},
		}
		roll := rng.Float64()
		for _, row := range rows {
			if roll < row.chance {
				return row.fault
			}
			roll -= row.chance
		}
		return Fault{}
	}
}
