package azuretest

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// listBlobs answers List Blobs: all files whose names begin with the prefix, within the directory of the SAS.
func (c *call) listBlobs(w http.ResponseWriter) *refusal {
	q := c.request.URL.Query()
	prefix := q.Get("prefix")
	c.path = prefix
	if no := c.allow("ListBlobs", strings.TrimSuffix(prefix, "/"), "l"); no != nil {
		return no
	}
	directory, _ := signedDirectory(q.Get("sr"), q.Get("sdd"), strings.TrimSuffix(prefix, "/"))
	type blob struct{ Name string }
	var answer struct {
		XMLName xml.Name `xml:"EnumerationResults"`
		Blobs   struct{ Blob []blob }
	}
	for _, path := range slices.Sorted(maps.Keys(c.files())) {
		if !c.files()[path].directory && strings.HasPrefix(path, prefix) && strings.HasPrefix(path, directory+"/") {
			answer.Blobs.Blob = append(answer.Blobs.Blob, blob{path})
		}
	}
	return write(w, "application/xml", func() ([]byte, error) { return xml.Marshal(answer) })
}

// maxPage is the most that a page of paths has.
const maxPage = 5000

// listPaths answers Path List. The continuation is where the page before it ended.
func (c *call) listPaths(w http.ResponseWriter) *refusal {
	q := c.request.URL.Query()
	directory := strings.Trim(q.Get("directory"), "/")
	c.path = directory
	if no := c.allow("ListPaths", directory, "l"); no != nil {
		return no
	}
	if e := c.files()[directory]; e == nil || !e.directory {
		return &refusal{http.StatusNotFound, "PathNotFound"}
	}
	size := maxPage
	if text := q.Get("maxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return &refusal{http.StatusBadRequest, "OutOfRangeQueryParameterValue"}
		}
		size = min(n, maxPage)
	}
	type item struct {
		Name        string `json:"name"`
		IsDirectory string `json:"isDirectory,omitempty"`
	}
	page := struct {
		Paths []item `json:"paths"`
	}{Paths: []item{}}
	for _, path := range slices.Sorted(maps.Keys(c.files())) {
		below, inside := strings.CutPrefix(path, directory+"/")
		if !inside || path <= q.Get("continuation") || q.Get("recursive") != "true" && strings.Contains(below, "/") {
			continue
		}
		if len(page.Paths) == size {
			w.Header().Set("X-Ms-Continuation", page.Paths[size-1].Name)
			break
		}
		next := item{Name: path}
		if c.files()[path].directory {
			next.IsDirectory = "true"
		}
		page.Paths = append(page.Paths, next)
	}
	return write(w, "application/json", func() ([]byte, error) { return json.Marshal(page) })
}
