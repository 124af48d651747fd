package azuretest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

var missing = &refusal{http.StatusNotFound, "BlobNotFound"}

// allow judges the request's own SAS for its path.
func (c *call) allow(operation, path, anyOf string) *refusal {
	c.operation = operation
	if no := c.authorize(c.request.URL.Query(), c.account, c.container, path, anyOf); no != nil {
		return no
	}
	if c.files() == nil {
		return &refusal{http.StatusNotFound, "ContainerNotFound"}
	}
	return nil
}

func (c *call) files() map[string]*entry { return c.containers[c.account+"/"+c.container] }

// get answers Get Blob, of a directory as Azure does: nothing, and a mark.
func (c *call) get(w http.ResponseWriter) *refusal {
	if no := c.allow("GetBlob", c.path, "r"); no != nil {
		return no
	}
	e := c.files()[c.path]
	if e == nil {
		return missing
	}
	if e.directory {
		w.Header().Set("X-Ms-Meta-Hdi_isfolder", "true")
	}
	_, _ = w.Write(e.data)
	return nil
}

// putBlob answers Put Blob. A permission to create makes what is not there.
func (c *call) putBlob(w http.ResponseWriter) *refusal {
	if no := c.allow("PutBlob", c.path, c.writing()); no != nil {
		return no
	}
	body, err := io.ReadAll(c.request.Body)
	if err != nil {
		return &refusal{http.StatusBadRequest, "IncompleteBody"}
	}
	return c.store(w, body)
}

func (c *call) writing() string {
	if c.files()[c.path] != nil {
		return "w"
	}
	return "cw"
}

func (c *call) store(w http.ResponseWriter, data []byte) *refusal {
	e := c.files()[c.path]
	switch {
	case e != nil && c.request.Header.Get("If-None-Match") == "*":
		return &refusal{http.StatusConflict, "BlobAlreadyExists"}
	case e != nil && e.directory, !put(c.files(), c.path, data):
		return &refusal{http.StatusConflict, "ResourceTypeMismatch"}
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}

// copyBlob answers Copy Blob: the source is opened by the SAS in its own URL.
func (c *call) copyBlob(w http.ResponseWriter) *refusal {
	if no := c.allow("CopyBlob", c.path, c.writing()); no != nil {
		return no
	}
	source, err := url.Parse(c.request.Header.Get("X-Ms-Copy-Source"))
	if err != nil || source.Scheme != "https" {
		return &refusal{http.StatusBadRequest, "InvalidHeaderValue"}
	}
	from, no := c.parse(&http.Request{Host: source.Host, URL: source})
	if no != nil {
		return no
	}
	if no := c.authorize(source.Query(), from.account, from.container, from.path, "r"); no != nil {
		return &refusal{http.StatusForbidden, "CannotVerifyCopySource"}
	}
	e := from.files()[from.path]
	if e == nil {
		return &refusal{http.StatusNotFound, "CannotVerifyCopySource"}
	}
	return c.store(w, e.data)
}

// remove answers Delete Blob and, at the DFS endpoint, Path Delete, which takes a whole directory if it is told to.
func (c *call) remove(w http.ResponseWriter) *refusal {
	if no := c.allow("Delete", c.path, "d"); no != nil {
		return no
	}
	files, inside := c.files(), []string{}
	if files[c.path] == nil {
		return missing
	}
	for path := range files {
		if strings.HasPrefix(path, c.path+"/") {
			inside = append(inside, path)
		}
	}
	if len(inside) > 0 && (c.service == "blob" || c.request.URL.Query().Get("recursive") != "true") {
		return &refusal{http.StatusConflict, map[string]string{"blob": "DirectoryIsNotEmpty", "dfs": "DirectoryNotEmpty"}[c.service]}
	}
	for _, path := range append(inside, c.path) {
		delete(files, path)
	}
	w.WriteHeader(map[string]int{"blob": http.StatusAccepted, "dfs": http.StatusOK}[c.service])
	return nil
}

// put makes a file and the directories that it is in; false if one of those is a file.
func put(files map[string]*entry, path string, data []byte) bool {
	for i := range len(path) {
		if path[i] == '/' && files[path[:i]] != nil && !files[path[:i]].directory {
			return false
		}
	}
	for i := range len(path) {
		if path[i] == '/' && files[path[:i]] == nil {
			files[path[:i]] = &entry{directory: true}
		}
	}
	files[path] = &entry{data: data}
	return true
}
