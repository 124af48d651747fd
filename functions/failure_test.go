//go:build unix

package functions

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"firn/shared/app/cloudtest"
	"firn/shared/rest"
)

// Functions are killed in the middle, again and again: what was acknowledged is there, every table can be read, and a
// retry works.
func TestKilledFunctionsLoseNothing(t *testing.T) {
	d := deploy(t, nil)
	c := d.root(t)
	c.settle(t)
	const writers = 3
	var acknowledged [writers]int
	done := make(chan struct{}, 1<<12) // an entry for each that was acknowledged
	var group sync.WaitGroup
	stop := make(chan struct{})
	for i := range writers {
		name := fmt.Sprint("t", i)
		c.create(t, name)
		group.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				for { // one that got no clear answer is sent again: the value is the same
					status, body := c.send(t, "POST", tables+"/"+name, put("n", fmt.Sprint(n)))
					if status == 200 {
						break
					}
					if status/100 == 4 {
						t.Errorf("commit %d to %s: got %d %s", n, name, status, body)
						return
					}
				}
				acknowledged[i] = n
				done <- struct{}{}
			}
		})
	}
	const kills, between = 8, 6 // commits that are acknowledged between two kills
	for range kills {
		for range between {
			<-done
		}
		for d.Kill(string(rest.Commit)) == 0 { // in the middle of a commit
			runtime.Gosched()
		}
	}
	close(stop)
	group.Wait()
	for i, n := range acknowledged {
		if got := c.property(t, fmt.Sprint("t", i), "n"); got != fmt.Sprint(n) {
			t.Errorf("table %d: got the commit %s, want the last that was acknowledged, %d", i, got, n)
		}
	}
}

func TestManyAtOnceOnAColdDeployment(t *testing.T) {
	d := deploy(t, nil)
	c := d.root(t)
	c.settle(t)
	c.create(t, "t")
	for _, name := range []rest.Function{rest.Token, rest.Catalog, rest.Credentials} {
		d.Recycle(string(name))
	}
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			for _, ask := range [][3]string{{"POST", "/api/catalog/v1/oauth/tokens", login}, {"GET", tables + "/t", ""}, {"GET", tables + "/t/credentials", ""}} {
				if status, body := c.send(t, ask[0], ask[1], ask[2]); status != 200 {
					t.Errorf("%s: got %d %s", ask[1], status, body)
				}
			}
		})
	}
	group.Wait()
}

// What the account refuses, or loses, ends in the answer that lets a client do the right thing: come again where nothing
// happened, look where something may have.
func TestFaultsOfTheAccount(t *testing.T) {
	always := func(action string, f cloudtest.Fault) func(string) cloudtest.Fault {
		return func(a string) cloudtest.Fault {
			if a == action {
				return f
			}
			return cloudtest.Fault{}
		}
	}
	rows := []struct {
		name               string
		plan               func(string) cloudtest.Fault
		method, path, body string
		want               int
		landed             bool // the commit is there afterwards
	}{
		{"a throttled read of the table", always("BatchGetItem", cloudtest.Fault{Refuse: "ProvisionedThroughputExceededException"}), "GET", tables + "/t", "", 429, false},
		{"a throttled swap", always("PutItem", cloudtest.Fault{Refuse: "ThrottlingException"}), "POST", tables + "/t", put("k", "v"), 429, false},
		{"a table without rights", always("BatchGetItem", cloudtest.Fault{Refuse: "AccessDeniedException"}), "GET", tables + "/t", "", 500, false},
		{"a swap whose answer is lost", always("PutItem", cloudtest.Fault{Lose: true}), "POST", tables + "/t", put("k", "v"), 200, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := deploy(t, nil)
			c := d.root(t)
			c.settle(t)
			c.create(t, "t")
			c.must(t, "POST", tables+"/t", put("warm", "1"))
			d.account.Plan(row.plan)
			status, body := c.send(t, row.method, row.path, row.body)
			d.account.Plan(nil)
			if status != row.want {
				t.Errorf("got %d %s, want %d", status, body, row.want)
			}
			if got := c.property(t, "t", "k"); (got == "v") != row.landed {
				t.Errorf("the commit landed: %v, want %v", got == "v", row.landed)
			}
			c.must(t, "POST", tables+"/t", put("k", "again"))
		})
	}
}

// A function whose environment was prepared badly, or whose secret cannot be read, answers as one that is not there, and
// works as soon as it can.
func TestAFunctionThatCannotStartStartsLater(t *testing.T) {
	d := deploy(t, nil)
	c := &client{url: d.url}
	d.account.Plan(func(action string) cloudtest.Fault {
		if action == "GetSecretValue" {
			return cloudtest.Fault{Refuse: "AccessDeniedException"}
		}
		return cloudtest.Fault{}
	})
	if status, body := c.send(t, "POST", "/api/catalog/v1/oauth/tokens", login); status/100 != 5 {
		t.Errorf("got %d %s, want a failure of the server's", status, body)
	}
	d.account.Plan(nil)
	d.root(t)
}

// A function that is out of time is ended by Lambda wherever it is. The client is told of a failure that says nothing of the
// effect (502), and sends again: a commit that had not landed lands, one that had changes nothing more.
func TestTimeOuts(t *testing.T) {
	const enough = 700 * time.Millisecond // for a cold start and a commit
	for name, landed := range map[string]bool{"before the effect": false, "after the effect": true} {
		t.Run(name, func(t *testing.T) {
			d := deploy(t, nil, enough)
			c := d.root(t)
			c.settle(t)
			c.create(t, "t")
			c.must(t, "POST", tables+"/t", put("warm", "1"))
			ended := make(chan struct{})
			var once sync.Once
			d.account.Plan(func(action string) (f cloudtest.Fault) {
				if action != "PutItem" {
					return f
				}
				once.Do(func() {
					hold := func() { <-ended }
					if landed {
						f.After = hold
					} else {
						f = cloudtest.Fault{Before: hold, Refuse: "ThrottlingException"}
					}
				})
				return f
			})
			status, body := c.send(t, "POST", tables+"/t", put("k", "v"))
			close(ended)
			d.account.Plan(nil)
			if status != 502 {
				t.Errorf("got %d %s, want 502", status, body)
			}
			if got := c.property(t, "t", "k"); (got == "v") != landed {
				t.Errorf("the commit landed: %v, want %v", got == "v", landed)
			}
			c.must(t, "POST", tables+"/t", put("k", "v"))
			if got := c.property(t, "t", "k"); got != "v" {
				t.Errorf("after the retry: got %q, want v", got)
			}
		})
	}
}

// STS that is asked too often, or has no such role: nobody gets a key, nothing is made, and the client learns whether to come
// again.
func TestFaultsOfSTS(t *testing.T) {
	d := deploy(t, nil)
	c := d.root(t)
	c.must(t, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"cloud","properties":{"default-base-location":"s3://bucket/cloud"},
		"storageConfigInfo":{"storageType":"S3","roleArn":"arn:aws:iam::123456789012:role/firn-vending/x","region":"us-east-1"}}}`)
	c.must(t, "PUT", "/api/management/v1/catalogs/cloud/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	c.must(t, "POST", "/api/catalog/v1/cloud/namespaces", `{"namespace":["n"]}`)
	for _, row := range []struct {
		code string
		want int
	}{{"Throttling", 503}, {"", 403}} {
		d.account.Plan(func(action string) cloudtest.Fault {
			if action == "AssumeRole" {
				return cloudtest.Fault{Refuse: row.code}
			}
			return cloudtest.Fault{}
		})
		status, body := c.send(t, "POST", "/api/catalog/v1/cloud/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
		d.account.Plan(nil)
		if status != row.want {
			t.Errorf("%q: got %d %s, want %d", row.code, status, body, row.want)
		}
		if status, _ := c.send(t, "GET", "/api/catalog/v1/cloud/namespaces/n/tables/t", ""); status != 404 {
			t.Errorf("%q: got %d, want no table", row.code, status)
		}
	}
}
