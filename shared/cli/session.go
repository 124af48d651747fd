package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/pflag"
)

// session is what the commands of one run share: where the server is, who asks, and how answers are printed.
type session struct {
	config       Config
	baseURL      string
	clientID     string
	clientSecret secretFlag
	accessToken  secretFlag
	realm        string
	output       string
	client       *client // made by the first request
}

// bind declares the global flags.
func (s *session) bind(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringVar(&s.baseURL, "base-url", "http://127.0.0.1:8181", "where the server is, without /api")
	fs.StringVar(&s.clientID, "client-id", "", "OAuth client id")
	s.clientSecret.bind(fs, "client-secret", "OAuth client secret; better in a file or the environment, where other users do not see it")
	s.accessToken.bind(fs, "access-token", "OAuth access token, in place of client id and secret")
	fs.StringVar(&s.realm, "realm", "", "realm; the server's first if not given")
	oneOf(fs, &s.output, "output", "text", "what to print: tables, or the API's JSON", "text", "json")
	fromEnvironment(fs, "base-url")
	fromEnvironment(fs, "client-id", "FIRN_CLIENT_ID", "CLIENT_ID")
	fromEnvironment(fs, "client-secret", "FIRN_CLIENT_SECRET", "CLIENT_SECRET")
	fromEnvironment(fs, "client-secret-file")
	fromEnvironment(fs, "access-token")
	fromEnvironment(fs, "access-token-file")
	fromEnvironment(fs, "realm", "FIRN_REALM", "REALM")
	fromEnvironment(fs, "output")
}

// send sends a request and gives the body of the answer, decoded into out as well unless out is nil or the body is empty.
func (s *session) send(ctx context.Context, r request, out any) ([]byte, error) {
	if s.client == nil {
		c, err := newClient(s)
		if err != nil {
			return nil, err
		}
		s.client = c
	}
	body, err := s.client.send(ctx, r)
	if err != nil {
		return nil, err
	}
	if out != nil && len(body) > 0 {
		if err := json.Unmarshal(body, out); err != nil {
			return nil, failed("the answer is not the JSON that this command expects",
				"Check that --base-url names a firn server of this or a newer version.")
		}
	}
	return body, nil
}

// show sends a request and prints the answer: the document itself, or what text makes of it. An
// answer of type json.RawMessage is the body as it is.
func show[T any](ctx context.Context, s *session, r request, text func(w io.Writer, answer T)) error {
	var answer T
	body, err := s.send(ctx, r, &answer)
	if err != nil {
		return err
	}
	if s.output == "json" {
		s.document(body)
		return nil
	}
	text(s.config.Stdout, answer)
	return nil
}

// say sends a request and prints the document itself, or a sentence.
func (s *session) say(ctx context.Context, r request, format string, names ...string) error {
	return show(ctx, s, r, func(w io.Writer, _ json.RawMessage) {
		args := make([]any, len(names))
		for i, name := range names {
			args[i] = plain(name)
		}
		fmt.Fprintf(w, format+"\n", args...)
	})
}

// document prints an answer of the API as it is; an empty one prints nothing.
func (s *session) document(body []byte) {
	if len(body) > 0 {
		fmt.Fprintf(s.config.Stdout, "%s\n", bytes.TrimSuffix(body, []byte("\n")))
	}
}
