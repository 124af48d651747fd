package s3local

import (
	"encoding/xml"
	"net/http"
)

// deleteObject answers DeleteObject; to delete nothing is fine.
func (c *call) deleteObject() error {
	if err := c.store.remove(c.bucket, c.key, c.store.sync); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// deletion is the document of DeleteObjects. Rest holds what a key's entry may bring in S3 and not here: versions and
// conditions.
type deletion struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Object  []struct {
		Key  string
		Rest []struct{ XMLName xml.Name } `xml:",any"`
	}
}

type deleted struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Deleted []deletedKey
	Error   []undeletedKey
}

type deletedKey struct{ Key string }

type undeletedKey struct{ Key, Code, Message string }

// deleteObjects answers DeleteObjects: each key stands for itself, with a scope check of its own.
func (c *call) deleteObjects() error {
	var d deletion
	if err := c.document(&d, expectChecksums(c.r.Header), true); err != nil {
		return err
	}
	if len(d.Object) == 0 || len(d.Object) > maxDeletes {
		return refuse(http.StatusBadRequest, "MalformedXML", "A request deletes 1 to 1000 keys.")
	}
	var answer deleted
	for _, o := range d.Object {
		if err := c.deleteKey(o.Key, len(o.Rest) > 0); err != nil {
			r := refusalOf(err)
			answer.Error = append(answer.Error, undeletedKey{o.Key, r.code, r.message})
		} else if !d.Quiet {
			answer.Deleted = append(answer.Deleted, deletedKey{o.Key})
		}
	}
	return c.ok(answer)
}

func (c *call) deleteKey(key string, conditional bool) error {
	if conditional {
		return notImplemented("Versions and conditions of deletes are not supported.")
	}
	if err := c.may(Delete, c.bucket, key); err != nil {
		return err
	}
	if err := c.alive(); err != nil {
		return err
	}
	return c.store.remove(c.bucket, key, c.store.sync)
}
