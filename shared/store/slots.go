package store

import (
	"firn/shared/fault"
	"firn/shared/lake"
)

// CallerSlot is the caller's principal and the version of the realm's roles.
type CallerSlot struct {
	Caller    lake.Caller
	Principal *Slot[lake.Principal]
	head      *Slot[nothing]
}

// Caller asks for what authentication and authorization need of the caller.
func (b *Batch) Caller(c lake.Caller) *CallerSlot {
	return &CallerSlot{Caller: c,
		Principal: slot[lake.Principal](b, principalKey(b.realm, c.Principal)),
		head:      slot[nothing](b, realmHeadKey(b.realm))}
}

// Check refuses a caller whose principal is gone, is another of the same name, or has no longer the secret that the token
// was issued for: Unauthenticated.
func (c *CallerSlot) Check() error {
	p := c.Principal.Value
	if p == nil || p.ID != c.Caller.PrincipalID || !p.Generation(c.Caller.Generation) {
		return fault.New(fault.Unauthenticated, "The principal of the token is not known")
	}
	return nil
}

// Whole returns the caller with all roles of its principal, whatever its token activates.
func (c *CallerSlot) Whole() *CallerSlot {
	all := *c
	all.Caller.AllRoles, all.Caller.Roles = true, nil
	return &all
}

// CatalogSlot is a catalog and the version of its roles and grants.
type CatalogSlot struct {
	*Slot[lake.Catalog]
	Name string
	head *Slot[nothing]
}

// nobody is a name that nothing can have.
const nobody = "SYSTEM$"

// possible keeps names that no rule would have let in from making keys, which they may not fit.
func possible(name string) string {
	if lake.CheckEntityName("name", name) != nil {
		return nobody
	}
	return name
}

// Catalog asks for a catalog.
func (b *Batch) Catalog(name string) *CatalogSlot {
	name = possible(name)
	c := &CatalogSlot{Slot: slot[lake.Catalog](b, catalogKey(b.realm, name)), Name: name, head: slot[nothing](b, headKey(b.realm, name))}
	b.links = append(b.links, link{
		holds: func() bool {
			return (c.Value == nil) == (c.head.Value == nil) && (c.Value == nil || owns(c.Value.ID, c.head.Tag))
		},
		drop: func() { c.Value = nil },
	})
	return c
}

func owns(id lake.ID, tag string) bool {
	return len(tag) > len(id) && tag[:len(id)] == string(id) && tag[len(id)] == ':'
}

// Role asks for a principal role.
func (b *Batch) Role(name string) *Slot[lake.PrincipalRole] {
	return slot[lake.PrincipalRole](b, roleKeyOf(b.realm, possible(name)))
}

// Principal asks for a principal.
func (b *Batch) Principal(name string) *Slot[lake.Principal] {
	return slot[lake.Principal](b, principalKey(b.realm, possible(name)))
}

// CatalogRole asks for a role of a catalog.
func (b *Batch) CatalogRole(c *CatalogSlot, name string) *Slot[lake.CatalogRole] {
	s := slot[lake.CatalogRole](b, catalogRoleKey(b.realm, c.Name, possible(name)))
	b.links = append(b.links, link{
		holds: func() bool { return s.Value == nil || c.Value != nil && s.Value.CatalogID == c.Value.ID },
		drop:  func() { s.Value = nil },
	})
	return s
}
