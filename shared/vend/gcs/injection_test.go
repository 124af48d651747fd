package gcs

import (
	"testing"

	"firn/shared/location"
)

// The texts that broke out of other catalogs' conditions, and some that might.
var injections = []string{
	"x') || true || resource.name.startsWith('", `x") || true || resource.name.startsWith("`, `x\') || true || ('`, `x\\') || true || ('`,
	"x'+'", `x\`, `x\x27) || true`, `x\u0027) || true`, "x''' || true || '''", `r'x`, "x' // ", "x'.matches('.*')) || ('", "${x}", "x?y*z",
}

// None of them is a location. In a condition each would be text and nothing else, in both forms.
func TestNoTextBreaksOutOfACondition(t *testing.T) {
	for _, evil := range injections {
		if _, err := location.ParsePrefix("gs://lake/" + evil + "/"); err == nil {
			t.Errorf("%q is a location", evil)
		}
		r := rule{bucket: "lake", role: "roles/storage.objectViewer", terms: []term{{prefix: "projects/_/buckets/lake/objects/" + evil + "/"}, {listing: true, prefix: evil + "/"}}}
		options, err := encodeOptions([]rule{r})
		if err != nil {
			t.Fatal(err)
		}
		exchanging, sealing := newWorld(t, nil), newWorld(t, clientSide)
		source, err := exchanging.vendor.accounts.own.token.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out, err := exchanging.vendor.service.exchange(t.Context(), source, accessToken, options)
		if err != nil {
			t.Fatalf("%q: %v", evil, err)
		}
		sealed, err := sealing.vendor.seal(t.Context(), sealing.vendor.accounts.own, []rule{r})
		if err != nil {
			t.Fatal(err)
		}
		for name, open := range map[string]func(right, resource string, attributes map[string]string) bool{
			"exchanged": func(right, resource string, attributes map[string]string) bool {
				return exchanging.Allows(out.Value.Reveal(), right, resource, attributes)
			},
			"sealed": func(right, resource string, attributes map[string]string) bool {
				return sealing.Allows(sealed.Value.Reveal(), right, resource, attributes)
			},
		} {
			listing := func(prefix string) map[string]string {
				return map[string]string{"storage.googleapis.com/objectListPrefix": prefix}
			}
			if !open("storage.objects.get", "projects/_/buckets/lake/objects/"+evil+"/a", nil) || !open("storage.objects.list", "projects/_/buckets/lake", listing(evil+"/")) {
				t.Errorf("%s: %q does not open its own folder", name, evil)
			}
			if open("storage.objects.get", "projects/_/buckets/lake/objects/other/a", nil) || open("storage.objects.get", "projects/_/buckets/lake/objects/x/a", nil) || open("storage.objects.list", "projects/_/buckets/lake", listing("")) {
				t.Errorf("%s: %q opens another folder", name, evil)
			}
		}
	}
}
