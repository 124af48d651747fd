package store

import (
	"context"
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Recipient asks for the recipient that a principal is.
func (b *Batch) Recipient(principal lake.ID) *Slot[lake.Recipient] {
	return slot[lake.Recipient](b, recipientKey(b.realm, principal))
}

// CreateRecipient makes a principal a recipient. Exists if it is one. The check closes the race against the end of the
// principal: Conflict.
func (s *Store) CreateRecipient(ctx context.Context, realm lake.Realm, p *Slot[lake.Principal], r *lake.Recipient) error {
	op, err := put(recipientKey(realm, p.Value.ID), tagOf(r.ID), r, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	err = s.write(ctx, op, check(p.key, kv.Prefix(owner(p.Value.ID))))
	if i, _ := failedAt(err); i == 0 {
		return fault.Taken(fault.Recipient, r.Principal)
	}
	return conflictOf(err, fault.Recipient, r.Principal)
}

// UpdateRecipient stores next in place of what the slot read. Conflict if it changed meanwhile.
func (s *Store) UpdateRecipient(ctx context.Context, old *Slot[lake.Recipient], next *lake.Recipient) error {
	op, err := put(old.key, tagOf(next.ID), next, kv.Match(old.Tag))
	if err != nil {
		return err
	}
	return conflictOf(s.write(ctx, op), fault.Recipient, next.Principal)
}

// DeleteRecipient removes a recipient with its bearer tokens; the principal stays. The shares that it had are nobody's from
// then on, also when the principal is made a recipient again. Conflict if it changed meanwhile.
func (s *Store) DeleteRecipient(ctx context.Context, old *Slot[lake.Recipient]) error {
	return conflictOf(s.write(ctx, remove(old.key, kv.Match(old.Tag))), fault.Recipient, old.Value.Principal)
}

// ListRecipients gives all recipients of a realm, by name.
func (s *Store) ListRecipients(ctx context.Context, realm lake.Realm) ([]lake.Recipient, error) {
	all, err := listAll[lake.Recipient](ctx, s, partition("recipient", realm), "")
	slices.SortFunc(all, byName)
	return all, err
}

// AddMember gives a share to a recipient; a second time changes nothing. The checks close the races against the end of
// either: Conflict.
func (s *Store) AddMember(ctx context.Context, realm lake.Realm, share *Slot[lake.Share], r *Slot[lake.Recipient]) error {
	op, err := put(memberKey(realm, share.Value.Name, r.Value.PrincipalID), tagOf(share.Value.ID), Member{share.Value.ID, r.Value.ID}, kv.Always())
	if err != nil {
		return err
	}
	err = s.write(ctx, op, check(share.key, kv.Prefix(owner(share.Value.ID))), check(r.key, kv.Prefix(owner(r.Value.ID))))
	return conflictOf(err, fault.Share, share.Value.Name)
}

// RemoveMember takes a share from a recipient. NotFound of a Grant if it does not have it.
func (s *Store) RemoveMember(ctx context.Context, realm lake.Realm, share *lake.Share, r *lake.Recipient) error {
	err := s.write(ctx, remove(memberKey(realm, share.Name, r.PrincipalID), kv.Prefix(owner(share.ID))))
	if i, _ := failedAt(err); i == 0 {
		return fault.Missing(fault.Grant, share.Name)
	}
	return err
}

// MembersOf gives the recipients that have a share, by name. Those that are gone, or were made anew, are left out.
func (s *Store) MembersOf(ctx context.Context, realm lake.Realm, share *lake.Share) ([]lake.Recipient, error) {
	var out []lake.Recipient
	err := s.pages(ctx, partition("member", realm, lake.FoldName(share.Name)), "", func(items []kv.Item) error {
		for some := range slices.Chunk(items, kv.MaxGet) {
			b := s.Batch(realm)
			found := make([]*Slot[lake.Recipient], len(some))
			for i := range some {
				found[i] = b.Recipient(lake.ID(some[i].Key.Sort))
			}
			if err := b.Read(ctx); err != nil {
				return err
			}
			for i := range some {
				var m Member
				if err := decode(&some[i], &m); err != nil {
					return err
				}
				if r := found[i].Value; r != nil && m == (Member{share.ID, r.ID}) {
					out = append(out, *r)
				}
			}
		}
		return nil
	})
	slices.SortFunc(out, byName)
	return out, err
}

func byName(a, b lake.Recipient) int { return strings.Compare(a.Principal, b.Principal) }
