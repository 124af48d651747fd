package app

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// view is a table as an engine loads it, with keys to its files.
type view struct {
	MetadataLocation string            `json:"metadata-location"`
	Document         json.RawMessage   `json:"metadata"`
	Config           map[string]string `json:"config"`
	Metadata         metadata          `json:"-"`
}

type metadata struct {
	Location   string            `json:"location"`
	Properties map[string]string `json:"properties"`
	Current    int64             `json:"current-snapshot-id"`
	Sequence   int64             `json:"last-sequence-number"`
	Snapshots  []struct {
		ID     int64 `json:"snapshot-id"`
		Parent int64 `json:"parent-snapshot-id"`
	} `json:"snapshots"`
	Log []struct {
		File string `json:"metadata-file"`
	} `json:"metadata-log"`
}

// UnmarshalJSON reads a LoadTableResult.
func (v *view) UnmarshalJSON(text []byte) error {
	type plain view
	if err := json.Unmarshal(text, (*plain)(v)); err != nil {
		return err
	}
	return json.Unmarshal(v.Document, &v.Metadata)
}

// view loads a table.
func (c *client) view(t testing.TB, path string) (v view) {
	t.Helper()
	if err := json.Unmarshal(c.must(t, "GET", path, "", "X-Iceberg-Access-Delegation: vended-credentials"), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// verifyFiles reads, with the vended keys, the current metadata file, which must be what was loaded, all that its log
// names, and every other metadata file in the table's folder: each must be whole.
func (v view) verifyFiles(t *testing.T) {
	t.Helper()
	store := s3.New(s3.Options{Region: v.Config["client.region"], BaseEndpoint: aws.String(v.Config["s3.endpoint"]), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(v.Config["s3.access-key-id"], v.Config["s3.secret-access-key"], v.Config["s3.session-token"])})
	seen := map[string]bool{}
	read := func(uri string) []byte {
		if seen[uri] {
			return nil
		}
		seen[uri] = true
		bucket, key, _ := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
		object, err := store.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			return nil
		}
		defer object.Body.Close()
		text, err := io.ReadAll(object.Body)
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: got %q %v, want a whole document", uri, text, err)
		}
		return text
	}
	if text := read(v.MetadataLocation); !bytes.Equal(text, v.Document) {
		t.Errorf("%s: got %s, want what was loaded: %s", v.MetadataLocation, text, v.Document)
	}
	if len(v.Metadata.Log) == 0 {
		t.Errorf("%s: got an empty metadata log, want entries", v.MetadataLocation)
	}
	for _, entry := range v.Metadata.Log {
		read(entry.File)
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(v.Metadata.Location, "s3://"), "/")
	pages := s3.NewListObjectsV2Paginator(store, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String(prefix + "/metadata/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range page.Contents {
			read("s3://" + bucket + "/" + *object.Key)
		}
	}
}
