package gcstest

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Allows says whether a token opens a right on a resource such as projects/_/buckets/b/objects/a/b. attributes are those
// of the request: that of a listing has the prefix as storage.googleapis.com/objectListPrefix.
func (s *Server) Allows(value, permission, resource string, attributes map[string]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.open(value)
	return err == nil && s.now().Before(t.expires) && t.allows(permission, resource, attributes)
}

func (t *token) allows(permission, resource string, attributes map[string]string) bool {
	if t.boundary == nil {
		return true
	}
	bucket, _, _ := strings.Cut(strings.TrimPrefix(resource, "projects/_/buckets/"), "/")
	return t.boundary.allows(permission, bucket, resource, attributes)
}

func (t *token) demand(permission, resource string, attributes map[string]string) {
	if !t.allows(permission, resource, attributes) {
		refuse(http.StatusForbidden, "PERMISSION_DENIED", "%s does not have %s access to %s (or it may not exist)", t.account, permission, resource)
	}
}

func bucketName(bucket string) string      { return "projects/_/buckets/" + bucket }
func objectName(bucket, key string) string { return bucketName(bucket) + "/objects/" + key }

// serveStorage is the part of Cloud Storage's JSON API that engines and firn need. Names are single, escaped segments.
func (s *Server) serveStorage(w http.ResponseWriter, r *http.Request) {
	path, upload := strings.CutPrefix(r.URL.EscapedPath(), "/upload")
	var parts []string
	for p := range strings.SplitSeq(strings.TrimPrefix(path, "/storage/v1/b/"), "/") {
		name, err := url.PathUnescape(p)
		if err != nil {
			refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "path")
		}
		parts = append(parts, name)
	}
	shape := parts[1:]
	switch {
	case upload && r.Method == http.MethodPost && slices.Equal(shape, []string{"o"}):
		s.put(w, r, parts[0])
	case r.Method == http.MethodGet && slices.Equal(shape, []string{"o"}):
		s.list(w, r, parts[0])
	case r.Method == http.MethodGet && len(shape) == 2 && shape[0] == "o":
		s.get(w, r, parts[0], shape[1])
	case r.Method == http.MethodDelete && len(shape) == 2 && shape[0] == "o":
		s.remove(w, r, parts[0], shape[1])
	case r.Method == http.MethodPost && len(shape) == 7 && shape[0] == "o" && shape[2] == "rewriteTo" && shape[3] == "b" && shape[5] == "o":
		s.copy(w, r, parts[0], shape[1], shape[4], shape[6])
	default:
		refuse(http.StatusNotFound, "NOT_FOUND", "%s %s", r.Method, r.URL.EscapedPath())
	}
}

// parameters refuses those that a method was not taught.
func parameters(r *http.Request, known ...string) url.Values {
	q := r.URL.Query()
	for key, values := range q {
		if !slices.Contains(known, key) || len(values) != 1 {
			refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "parameter %s", key)
		}
	}
	return q
}

// locked runs a method with the caller's token, and answers behind it.
func (s *Server) locked(w http.ResponseWriter, r *http.Request, call string, do func(*token)) {
	after := s.begin(w, call)
	s.mu.Lock()
	t := s.bearer(r) // gives the lock back if it refuses
	func() {
		defer s.mu.Unlock()
		do(t)
	}()
	after()
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, bucket, key string) {
	parameters(r, "alt")
	var data []byte
	s.locked(w, r, "get", func(t *token) {
		t.demand("storage.objects.get", objectName(bucket, key), nil)
		o := s.objects[bucket+"/"+key]
		if o == nil {
			refuse(http.StatusNotFound, "NOT_FOUND", "No such object: %s/%s", bucket, key)
		}
		data = o.data
	})
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

// put makes an object, or replaces one if the caller may delete it too.
func (s *Server) put(w http.ResponseWriter, r *http.Request, bucket string) {
	q := parameters(r, "uploadType", "name", "ifGenerationMatch", "fields")
	data, err := io.ReadAll(r.Body)
	if err != nil || q.Get("uploadType") != "media" || q.Get("name") == "" {
		refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "upload")
	}
	s.locked(w, r, "put", func(t *token) { s.write(t, bucket, q.Get("name"), data, q.Get("ifGenerationMatch")) })
	answer(w, map[string]string{"name": q.Get("name")})
}

func (s *Server) write(t *token, bucket, key string, data []byte, generation string) {
	t.demand("storage.objects.create", objectName(bucket, key), nil)
	there, next := s.objects[bucket+"/"+key], 1
	if generation != "" && (there != nil || generation != "0") {
		refuse(http.StatusPreconditionFailed, "FAILED_PRECONDITION", "At least one of the pre-conditions you specified did not hold.")
	}
	if there != nil {
		t.demand("storage.objects.delete", objectName(bucket, key), nil)
		next = there.generation + 1
	}
	s.objects[bucket+"/"+key] = &object{data: data, generation: next}
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request, bucket, key string) {
	parameters(r)
	s.locked(w, r, "delete", func(t *token) {
		t.demand("storage.objects.delete", objectName(bucket, key), nil)
		if s.objects[bucket+"/"+key] == nil {
			refuse(http.StatusNotFound, "NOT_FOUND", "No such object: %s/%s", bucket, key)
		}
		delete(s.objects, bucket+"/"+key)
	})
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) copy(w http.ResponseWriter, r *http.Request, fromBucket, from, toBucket, to string) {
	parameters(r)
	s.locked(w, r, "copy", func(t *token) {
		t.demand("storage.objects.get", objectName(fromBucket, from), nil)
		o := s.objects[fromBucket+"/"+from]
		if o == nil {
			refuse(http.StatusNotFound, "NOT_FOUND", "No such object: %s/%s", fromBucket, from)
		}
		s.write(t, toBucket, to, o.data, "")
	})
	answer(w, map[string]any{"done": true})
}

// list gives pages of at most 1,000 names, in their order.
func (s *Server) list(w http.ResponseWriter, r *http.Request, bucket string) {
	q := parameters(r, "prefix", "maxResults", "pageToken", "fields")
	most := 1000
	if n, err := strconv.Atoi(q.Get("maxResults")); err == nil {
		most = min(most, n)
	}
	type item struct {
		Name string `json:"name"`
	}
	var out struct {
		Items []item `json:"items,omitempty"`
		Next  string `json:"nextPageToken,omitempty"`
	}
	s.locked(w, r, "list", func(t *token) {
		t.demand("storage.objects.list", bucketName(bucket), map[string]string{listPrefix: q.Get("prefix")})
		for _, name := range slices.Sorted(maps.Keys(s.objects)) {
			key, ok := strings.CutPrefix(name, bucket+"/")
			if !ok || !strings.HasPrefix(key, q.Get("prefix")) || key <= q.Get("pageToken") {
				continue
			}
			if len(out.Items) == most {
				out.Next = out.Items[most-1].Name
				return
			}
			out.Items = append(out.Items, item{key})
		}
	})
	answer(w, out)
}
