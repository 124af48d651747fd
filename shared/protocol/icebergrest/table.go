package icebergrest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/packed"
	"firn/shared/rest"
)

// loaded answers LoadTableResult. The document is spliced in as it is at hand, packed too: it may have megabytes.
func loaded(t catalog.Loaded) (rest.Answer, error) {
	head := []byte("{")
	if t.MetadataLocation != "" {
		head = fmt.Appendf(head, `"metadata-location":%s,`, encode(t.MetadataLocation))
	}
	head = append(head, `"metadata":`...)
	var tail []byte
	if config := keyConfig(t.Keys); config != nil {
		text := encode(config)
		tail = fmt.Appendf(tail, `,"config":%s,"storage-credentials":%s}`, text, credentials(t.Keys.Prefix, text))
	} else if config := signConfig(t.Keys); config != nil {
		tail = fmt.Appendf(tail, `,"config":%s}`, encode(config))
	} else if known := settings(&t.Keys.Storage); len(known) > 0 {
		tail = fmt.Appendf(tail, `,"config":%s}`, encode(known))
	} else {
		tail = []byte("}")
	}
	a := rest.Raw(http.StatusOK, head, t.Metadata, tail)
	if t.Packed != nil {
		a = rest.Gzipped(http.StatusOK, packed.Gzip(head, t.Packed, tail)...)
	}
	a = tagged(a, t.Tag())
	if t.Keys.Credential != nil {
		a = a.NoStore()
	}
	return a, nil
}

// encode gives the JSON of a text or a map of texts: that always encodes.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return b.Bytes()[:b.Len()-1] // without the encoder's newline
}

// taking gives the use-cases for a client as it takes answers.
func (h *handlers) taking(c *rest.Call) *catalog.Service {
	if c.TakesGzip() {
		return h.catalog.Packing()
	}
	return h.catalog
}

func (h *handlers) listTables(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return listed(ctx, c, "tables", h.catalog.ListTables)
}

// listed answers ListTablesResponse, which is that of views too, and of functions.
func listed(ctx context.Context, c *rest.Call, kind string, list func(context.Context, lake.Caller, string, []string, catalog.Page) ([]string, string, error)) (rest.Answer, error) {
	within := levels(c.Path("namespace"))
	own := listingOf(c, kind, within)
	page, err := own.page(c.Query)
	if err != nil {
		return rest.Answer{}, err
	}
	names, next, err := list(ctx, c.Caller, c.Path("prefix"), within, page)
	if err != nil {
		return rest.Answer{}, err
	}
	out := make([]identifier, 0, len(names))
	for _, name := range names {
		out = append(out, identifier{within, name})
	}
	return rest.JSON(http.StatusOK, struct {
		Identifiers []identifier `json:"identifiers"`
		Next        *string      `json:"next-page-token"`
	}{out, own.token(next, page.Size)})
}

func (h *handlers) createTable(ctx context.Context, c *rest.Call, body *json.RawMessage) (rest.Answer, error) {
	var in struct {
		Name  *string `json:"name"`
		Stage bool    `json:"stage-create"`
	}
	if err := json.Unmarshal(*body, &in); err != nil {
		return rest.Answer{}, fault.Of(fault.Malformed, rest.RequestBody, "", "Cannot parse create table request").Because(err)
	}
	if in.Name == nil {
		return rest.Answer{}, fault.New(fault.Argument, "Invalid table name: null")
	}
	request, err := iceberg.DecodeCreate(*body)
	if err != nil {
		return rest.Answer{}, unreadable(err)
	}
	made, err := h.catalog.CreateTable(ctx, c.Caller, c.Path("prefix"), levels(c.Path("namespace")),
		catalog.Creation{Name: *in.Name, Request: request, Staged: in.Stage}, delegation(c))
	if err != nil {
		return rest.Answer{}, err
	}
	return loaded(made)
}

// unreadable marks an error as being about the body, which is a type of its own in this dialect.
func unreadable(err error) error {
	e := *fault.From(err)
	if e.Kind == fault.Malformed {
		e.Noun = rest.RequestBody
	}
	return &e
}

func (h *handlers) loadTable(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	refsOnly := false
	switch strings.ToLower(c.Query.Get("snapshots")) {
	case "", "all":
	case "refs":
		refsOnly = true
	default:
		return rest.Answer{}, fault.New(fault.Argument, "Unrecognized snapshots: %s", c.Query.Get("snapshots"))
	}
	known, err := knownTags(c.Header)
	if err != nil {
		return rest.Answer{}, err
	}
	d := delegation(c)
	t, err := h.taking(c).LoadTable(ctx, c.Caller, c.Path("prefix"), tableOf(c), d, refsOnly, known...)
	if err != nil {
		return rest.Answer{}, err
	}
	if t.Unchanged != "" {
		return unchanged(t.Unchanged, d), nil
	}
	return loaded(t)
}

func (h *handlers) tableExists(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.catalog.TableExists(ctx, c.Caller, c.Path("prefix"), tableOf(c))
}

type commitRequest struct {
	Requirements json.RawMessage `json:"requirements"`
	Updates      json.RawMessage `json:"updates"`
}

// updateTable answers CommitTableResponse: no keys.
func (h *handlers) updateTable(ctx context.Context, c *rest.Call, in *commitRequest) (rest.Answer, error) {
	change, err := in.decode()
	if err != nil {
		return rest.Answer{}, err
	}
	done, err := h.taking(c).CommitTable(ctx, c.Caller, c.Path("prefix"), tableOf(c), change)
	if err != nil {
		return rest.Answer{}, err
	}
	done.Keys = catalog.Keys{}
	return loaded(done)
}

// dropTable takes purgeRequested in any case; what is no boolean is no.
func (h *handlers) dropTable(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	purge := strings.EqualFold(c.Query.Get("purgeRequested"), "true")
	return rest.Empty(http.StatusNoContent), h.catalog.DropTable(ctx, c.Caller, c.Path("prefix"), tableOf(c), purge)
}

type renameRequest struct {
	Source      *identifier `json:"source"`
	Destination *identifier `json:"destination"`
}

func (h *handlers) renameTable(ctx context.Context, c *rest.Call, in *renameRequest) (rest.Answer, error) {
	return renamed(ctx, c, in, h.catalog.RenameTable)
}

func renamed(ctx context.Context, c *rest.Call, in *renameRequest, rename func(context.Context, lake.Caller, string, lake.Identifier, lake.Identifier) error) (rest.Answer, error) {
	from, err := in.Source.table()
	if err != nil {
		return rest.Answer{}, err
	}
	to, err := in.Destination.table()
	if err != nil {
		return rest.Answer{}, err
	}
	return rest.Empty(http.StatusNoContent), rename(ctx, c.Caller, c.Path("prefix"), from, to)
}

// loadCredentials answers LoadCredentialsResponse. planId and referenced-by are accepted and change nothing: keys are the
// caller's own, whatever view led to the table. staged is firn's own, in the paths that it gives for staged tables.
func (h *handlers) loadCredentials(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	k, err := h.catalog.Credentials(ctx, c.Caller, c.Path("prefix"), tableOf(c), c.Query.Get("staged"))
	if err != nil {
		return rest.Answer{}, err
	}
	var config []byte
	if key := keyConfig(k); key != nil {
		config = encode(key)
	}
	return rest.Raw(http.StatusOK, fmt.Appendf(nil, `{"storage-credentials":%s}`, credentials(k.Prefix, config))).NoStore(), nil
}
