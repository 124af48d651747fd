package sign

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// namespace is that of S3's documents; some clients leave it out.
const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// parseBatch gives the keys of the body of DeleteObjects (S3 API Reference). It takes exactly the one shape that clients
// send, so that no other parser finds another key in it: no comments, CDATA, declarations or unknown elements, one key an
// object, no versions.
func parseBatch(body *string) ([]string, error) {
	switch {
	case body == nil:
		return nil, refuse("a batch delete is signed only with its body: delete one by one, or send \"body\"")
	case len(*body) > maxBody:
		return nil, refuse("the body of a batch delete has at most %d bytes", maxBody)
	case strings.Contains(*body, "<!"):
		return nil, errBatch
	}
	p := batchParser{d: xml.NewDecoder(strings.NewReader(*body))}
	if err := p.document(); err != nil {
		return nil, err
	}
	if len(p.keys) == 0 || len(p.keys) > maxBatch {
		return nil, refuse("a batch delete names 1 to %d keys", maxBatch)
	}
	return p.keys, nil
}

var errBatch = refuse("the body of a batch delete is not <Delete> with objects that have a key each and nothing else")

type batchParser struct {
	d    *xml.Decoder
	keys []string
}

// next skips white space, and a declaration in front.
func (p *batchParser) next() (xml.Token, error) {
	for {
		t, err := p.d.Token()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, errBatch
		}
		switch t := t.(type) {
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return nil, errBatch
			}
		case xml.ProcInst:
			if t.Target != "xml" {
				return nil, errBatch
			}
		default:
			return t, nil
		}
	}
}

// element reads the start of an element, or the end of the one around it: then the name is empty.
func (p *batchParser) element() (string, error) {
	t, err := p.next()
	if err != nil {
		return "", errBatch
	}
	start, ok := t.(xml.StartElement)
	if !ok {
		return "", nil
	}
	for _, a := range start.Attr {
		if a.Name.Space != "" || a.Name.Local != "xmlns" || a.Value != namespace {
			return "", errBatch
		}
	}
	if start.Name.Space != "" && start.Name.Space != namespace {
		return "", errBatch
	}
	return start.Name.Local, nil
}

// text reads what is in an element, to its end.
func (p *batchParser) text() (string, error) {
	var b strings.Builder
	for {
		t, err := p.d.Token()
		if err != nil {
			return "", errBatch
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		default:
			return "", errBatch
		}
	}
}

func (p *batchParser) document() error {
	if name, err := p.element(); err != nil || name != "Delete" {
		return errBatch
	}
	for {
		name, err := p.element()
		if err != nil {
			return err
		}
		switch name {
		case "":
			if _, err := p.next(); !errors.Is(err, io.EOF) {
				return errBatch
			}
			return nil
		case "Quiet":
			if _, err := p.text(); err != nil {
				return err
			}
		case "Object":
			if err := p.object(); err != nil {
				return err
			}
		default:
			return errBatch
		}
	}
}

func (p *batchParser) object() error {
	if name, err := p.element(); err != nil || name != "Key" {
		return errBatch
	}
	key, err := p.text()
	if err != nil {
		return err
	}
	if !goodKey(key) {
		return refuse("a key of a batch delete is not one path: %q", short(key))
	}
	if name, err := p.element(); err != nil || name != "" {
		return errBatch
	}
	p.keys = append(p.keys, key)
	return nil
}
