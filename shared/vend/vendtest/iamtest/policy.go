package iamtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Dialect is whose reading of a policy counts.
type Dialect int

// The dialects.
const (
	AWS   Dialect = iota
	MinIO         // session policies of MinIO's STS, as its archived server reads them
)

// Policy is a policy that was read.
type Policy struct{ statements []statement }

type statement struct {
	dialect      Dialect
	expands      bool // knows policy variables: version 2012-10-17
	deny         bool
	actions      []glob // in lower case
	notActions   bool   // actions are those that it does not speak of
	resources    []string
	notResources bool
	conditions   []condition
}

// Parse reads a policy that is attached to an identity or handed over with AssumeRole (IAM JSON policy grammar). Names are
// taken in the case in which they are documented, and each once.
func Parse(d Dialect, text string) (*Policy, error) {
	if err := unique(text); err != nil {
		return nil, err
	}
	doc, err := object([]byte(text), "Version", "Id", "Statement")
	if err != nil {
		return nil, err
	}
	version := "2008-10-17"
	if raw, ok := doc["Version"]; ok {
		if err := json.Unmarshal(raw, &version); err != nil {
			return nil, fmt.Errorf("version: %w", err)
		}
	}
	if version != "2012-10-17" && (version != "2008-10-17" || d == MinIO) {
		return nil, fmt.Errorf("unknown version %q", version)
	}
	all := []json.RawMessage{doc["Statement"]}
	if strings.HasPrefix(strings.TrimSpace(string(doc["Statement"])), "[") {
		if err := json.Unmarshal(doc["Statement"], &all); err != nil {
			return nil, fmt.Errorf("statements: %w", err)
		}
	}
	if len(all) == 0 || all[0] == nil {
		return nil, errors.New("a policy has at least one statement")
	}
	p := &Policy{}
	for i, raw := range all {
		s := statement{dialect: d, expands: version == "2012-10-17"}
		if err := s.read(raw); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i, err)
		}
		p.statements = append(p.statements, s)
	}
	return p, nil
}

func (s *statement) read(raw json.RawMessage) error {
	fields, err := object(raw, "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
	if err != nil {
		return err
	}
	var effect string
	if err := json.Unmarshal(fields["Effect"], &effect); err != nil || effect != "Allow" && effect != "Deny" {
		return errors.New("effect must be Allow or Deny")
	}
	s.deny = effect == "Deny"
	actions, not, err := either(fields, "Action", "NotAction")
	if err != nil {
		return err
	}
	s.notActions = not
	for _, a := range actions {
		if a != "*" && !strings.Contains(a, ":") || s.dialect == MinIO && !strings.HasPrefix(a, "s3:") {
			return fmt.Errorf("unknown action %q", a)
		}
		g, _ := compile(lower(a), nil)
		s.actions = append(s.actions, g)
	}
	if s.resources, s.notResources, err = either(fields, "Resource", "NotResource"); err != nil {
		return err
	}
	for _, r := range s.resources {
		if r != "*" && !strings.HasPrefix(r, "arn:") || s.dialect == MinIO && !strings.HasPrefix(r, "arn:aws:s3:::") {
			return fmt.Errorf("resource %q is no ARN", r)
		}
	}
	return s.readConditions(fields["Condition"])
}

func (s *statement) readConditions(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	operators, err := object(raw)
	if err != nil {
		return fmt.Errorf("condition: %w", err)
	}
	for name, keys := range operators {
		byKey, err := object(keys)
		if err != nil {
			return fmt.Errorf("condition %s: %w", name, err)
		}
		for key, raw := range byKey {
			values, err := list(raw)
			if err != nil {
				return fmt.Errorf("condition %s of %s: %w", name, key, err)
			}
			c, err := newCondition(name, key, values)
			if err != nil {
				return err
			}
			s.conditions = append(s.conditions, c)
		}
		if len(byKey) == 0 {
			return fmt.Errorf("condition %s has no key", name)
		}
	}
	return nil
}
