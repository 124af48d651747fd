package cli

import "strings"

// levelSeparator stands between the levels of a namespace in URLs (Iceberg REST, namespace parameter).
const levelSeparator = "\x1f"

// splitNamespace reads a namespace as it is written on the command line: levels with dots between, `\.` for a dot inside a
// level.
func splitNamespace(text string) ([]string, error) {
	var levels []string
	var level strings.Builder
	escaped := false
	for _, r := range text + "." {
		switch {
		case escaped && r != '.' || strings.ContainsRune(levelSeparator, r):
			return nil, misused(`namespace %q: a backslash stands before a dot alone, and control characters are not allowed`, text)
		case escaped:
			level.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '.':
			if level.Len() == 0 {
				return nil, misused(`namespace %q has an empty level; write levels as a.b.c, and a dot inside a level as \.`, text)
			}
			levels = append(levels, level.String())
			level.Reset()
		default:
			level.WriteRune(r)
		}
	}
	if escaped || level.Len() > 0 {
		return nil, misused(`namespace %q ends in a backslash`, text)
	}
	return levels, nil
}

// joinNamespace writes a namespace so that splitNamespace reads it back.
func joinNamespace(levels []string) string {
	escaped := make([]string, len(levels))
	for i, level := range levels {
		escaped[i] = strings.ReplaceAll(level, ".", `\.`)
	}
	return strings.Join(escaped, ".")
}
