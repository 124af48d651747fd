package rest

import (
	"net/http"
	"strconv"
	"strings"

	"firn/shared/fault"
)

// preference is one element of an Accept or Accept-Encoding header (RFC 9110, section 12.4.2).
type preference struct {
	value string // lower case, without parameters
	q     float64
}

func preferences(headers []string) []preference {
	var list []preference
	for _, header := range headers {
		for element := range strings.SplitSeq(header, ",") {
			value, parameters, _ := strings.Cut(element, ";")
			p := preference{value: strings.ToLower(strings.TrimSpace(value)), q: 1}
			for parameter := range strings.SplitSeq(parameters, ";") {
				key, weight, _ := strings.Cut(parameter, "=")
				if strings.EqualFold(strings.TrimSpace(key), "q") {
					q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
					if err == nil && q >= 0 && q <= 1 {
						p.q = q
					}
				}
			}
			list = append(list, p)
		}
	}
	return list
}

// checkAccept refuses a client that does not take JSON, the only representation that there is, by its common name or by the
// one that the protocol has for it. The most specific range counts; no header, or an empty one, takes anything.
func checkAccept(h http.Header, own string) error {
	values := h.Values("Accept")
	if strings.TrimSpace(strings.Join(values, "")) == "" {
		return nil
	}
	rank, best := 0, 0.0
	for _, p := range preferences(values) {
		r := map[string]int{"*/*": 1, "application/*": 2, "application/json": 3}[p.value]
		if own != "" && p.value == own {
			r = 3
		}
		if r > rank || r == rank && r > 0 && p.q > best {
			rank, best = r, p.q
		}
	}
	if best > 0 {
		return nil
	}
	return fault.New(fault.NotAcceptable, "The accept header value did not match the value in @Produces")
}
