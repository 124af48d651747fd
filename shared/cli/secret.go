package cli

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"firn/shared/lake"
)

// maxSecret bounds a secret that is read from a file or stdin, in bytes: an access token fits.
const maxSecret = 16 << 10

// secretFlag is a secret that a command takes as NAME, from the file of NAME-file, or for NAME "-" from stdin. Other users of the
// machine see what stands on a command line.
type secretFlag struct {
	name  string
	value string
	file  string
}

// bind declares the two flags.
func (f *secretFlag) bind(fs *pflag.FlagSet, name, usage string) {
	f.name = name
	fs.StringVar(&f.value, name, "", usage+`; "-" reads stdin`)
	fs.StringVar(&f.file, name+"-file", "", "`file` that holds it, in place of --"+name)
	instead(fs, name, name+"-file")
}

// read returns the secret, or an empty one where none was given. It reads stdin or the file, and no error quotes them.
func (f *secretFlag) read(stdin io.Reader) (lake.Secret, error) {
	switch {
	case f.value != "" && f.file != "":
		return "", misused("a secret comes from one place: --%[1]s or --%[1]s-file", f.name)
	case f.file != "":
		file, err := os.Open(f.file)
		if err != nil {
			return "", misused("--%s-file: %v", f.name, err)
		}
		defer file.Close()
		return f.from(file, "--"+f.name+"-file: "+f.file)
	case f.value == "-":
		if stdin == nil {
			stdin = strings.NewReader("")
		}
		return f.from(stdin, "--"+f.name+" -: stdin")
	}
	return lake.Secret(f.value), nil
}

// from reads the one line that a secret is.
func (f *secretFlag) from(r io.Reader, where string) (lake.Secret, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSecret+1))
	if p, ok := errors.AsType[*os.PathError](err); ok {
		err = p.Err
	}
	if err != nil {
		return "", misused("%s cannot be read: %v", where, err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	switch {
	case len(text) > maxSecret:
		return "", misused("%s has more than %d bytes", where, maxSecret)
	case secret == "":
		return "", misused("%s is empty", where)
	case strings.ContainsAny(secret, "\r\n"):
		return "", misused("%s has more than one line", where)
	}
	return lake.Secret(secret), nil
}

// takeStdin refuses a command whose secrets would both come from stdin.
func takeStdin(flags ...*secretFlag) error {
	var first *secretFlag
	for _, f := range flags {
		switch {
		case f.value != "-":
		case first != nil:
			return misused("stdin holds one secret: give --%s or --%s another way", first.name, f.name)
		default:
			first = f
		}
	}
	return nil
}
