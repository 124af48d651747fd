package store

import (
	"context"
	"slices"
	"time"

	"firn/shared/kv"
	"firn/shared/lake"
)

// release plans that claims of old go.
func (p *basePlan) release(old *lake.Catalog, which func(index string) bool) error {
	for _, index := range old.Claims {
		if len(old.Reaches) == 0 { // of an earlier release
			p.ops = append(p.ops, remove(oldBaseKey(p.realm, index), kv.Prefix(owner(old.ID))))
			continue
		}
		claims, err := claimsOf(p.there[baseKey(index)])
		if err != nil {
			return err
		}
		if !which(index) || !slices.ContainsFunc(claims, p.holds) {
			continue
		}
		if err := p.store(index, p.let(claims)); err != nil {
			return err
		}
	}
	return nil
}

// store plans that the claims of a folder become these.
func (p *basePlan) store(index string, claims []baseClaim) error {
	cond := kv.Absent(p.now())
	if item := p.there[baseKey(index)]; item != nil {
		cond = kv.Match(item.Tag)
	}
	op, err := put(baseKey(index), tagOf(p.next.ID), base{claims}, cond)
	if !slices.ContainsFunc(claims, func(c baseClaim) bool { return !c.released() }) {
		for _, c := range claims {
			op.Item.Expires = latest(op.Item.Expires, c.Until.Add(time.Second)) // cut to whole seconds: the reader decides
		}
	}
	p.ops = append(p.ops, op)
	return err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// holds reports whether the claim is the catalog's.
func (p *basePlan) holds(c baseClaim) bool { return c.Catalog == p.next.ID && !c.released() }

// let releases the catalog's claim, and drops claims that were released long enough ago. Credentials that were vended for a
// folder may be good for a while after it was released: within a realm they are its own, but another realm has to wait.
func (p *basePlan) let(claims []baseClaim) (out []baseClaim) {
	now := p.now()
	for _, c := range claims {
		if p.holds(c) {
			c.Until = now.Add(lake.CredentialLife)
		}
		if !c.released() || now.Before(c.Until) {
			out = append(out, c)
		}
	}
	return out
}

func claimsOf(item *kv.Item) ([]baseClaim, error) {
	if item == nil {
		return nil, nil
	}
	var there base
	err := decode(item, &there)
	return there.Claims, err
}

// releaseBases plans that a catalog's claims go with it.
func (s *Store) releaseBases(ctx context.Context, realm lake.Realm, c *lake.Catalog) ([]kv.Op, error) {
	p := &basePlan{Store: s, realm: realm, next: c}
	var keys []kv.Key
	for _, index := range c.Claims {
		keys = append(keys, baseKey(index))
	}
	if err := p.get(ctx, keys); err != nil {
		return nil, err
	}
	err := p.release(c, func(string) bool { return true })
	return p.ops, err
}
