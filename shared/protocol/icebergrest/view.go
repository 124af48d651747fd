package icebergrest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/rest"
)

// loadedView answers LoadViewResult. Nothing is vended for views.
func loadedView(v catalog.Loaded, err error) (rest.Answer, error) {
	if err != nil {
		return rest.Answer{}, err
	}
	head := fmt.Appendf(nil, `{"metadata-location":%s,"metadata":`, encode(v.MetadataLocation))
	return rest.Raw(http.StatusOK, head, v.Metadata, []byte("}")), nil
}

// viewOf names the view of a path.
func viewOf(c *rest.Call) lake.Identifier {
	return lake.Identifier{Namespace: levels(c.Path("namespace")), Name: c.Path("view")}
}

func (h *handlers) listViews(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return listed(ctx, c, "views", h.catalog.ListViews)
}

// viewName takes off the escapes that PyIceberg puts into the name of a view that it creates (RestCatalog.create_view, 0.12).
// Everywhere else, in the paths by which it asks for that view then, they are those of the path.
func viewName(c *rest.Call, name string) string {
	if !strings.HasPrefix(c.Header.Get("X-Client-Version"), "PyIceberg ") {
		return name
	}
	bare, err := url.PathUnescape(name)
	if err != nil {
		return name
	}
	return bare
}

func (h *handlers) createView(ctx context.Context, c *rest.Call, body *json.RawMessage) (rest.Answer, error) {
	var in object
	if err := json.Unmarshal(*body, &in); err != nil {
		return rest.Answer{}, fault.Of(fault.Malformed, rest.RequestBody, "", "Cannot parse create view request").Because(err)
	}
	name, err := in.text("name")
	if err != nil {
		return rest.Answer{}, err
	}
	request, err := iceberg.DecodeCreateView(*body)
	if err != nil {
		return rest.Answer{}, unreadable(err)
	}
	return loadedView(h.catalog.CreateView(ctx, c.Caller, c.Path("prefix"), levels(c.Path("namespace")), catalog.ViewCreation{Name: viewName(c, name), Request: request}))
}

func (h *handlers) registerView(ctx context.Context, c *rest.Call, in *object) (rest.Answer, error) {
	name, err := in.text("name")
	if err != nil {
		return rest.Answer{}, err
	}
	file, err := in.text("metadata-location")
	if err != nil {
		return rest.Answer{}, err
	}
	return loadedView(h.catalog.RegisterView(ctx, c.Caller, c.Path("prefix"), levels(c.Path("namespace")), name, file))
}

func (h *handlers) loadView(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return loadedView(h.catalog.LoadView(ctx, c.Caller, c.Path("prefix"), viewOf(c)))
}

func (h *handlers) viewExists(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.catalog.ViewExists(ctx, c.Caller, c.Path("prefix"), viewOf(c))
}

func (h *handlers) replaceView(ctx context.Context, c *rest.Call, in *commitRequest) (rest.Answer, error) {
	requirements, err := iceberg.DecodeRequirements(in.Requirements)
	if err != nil {
		return rest.Answer{}, unreadable(err)
	}
	updates, err := iceberg.DecodeViewUpdates(in.Updates)
	if err != nil {
		return rest.Answer{}, unreadable(err)
	}
	return loadedView(h.catalog.CommitView(ctx, c.Caller, c.Path("prefix"), viewOf(c), catalog.Change{Requirements: requirements, Updates: updates}))
}

func (h *handlers) dropView(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	return rest.Empty(http.StatusNoContent), h.catalog.DropView(ctx, c.Caller, c.Path("prefix"), viewOf(c))
}

func (h *handlers) renameView(ctx context.Context, c *rest.Call, in *renameRequest) (rest.Answer, error) {
	return renamed(ctx, c, in, h.catalog.RenameView)
}
