package sharing

import (
	"firn/shared/fault"
)

// told tells a refusal in the share's words. What says nothing of the table is told as it is.
func told(n Name, within string, err error) error {
	switch e := fault.From(err); {
	case e.Kind == fault.NotFound:
		return fault.Of(fault.NotFound, fault.SharedTable, n.String(), "").Because(err)
	case e.Kind == fault.Forbidden:
		return fault.Of(fault.Forbidden, fault.SharedTable, n.String(), "Reading table %s is not permitted", n).Because(err)
	case within != "" && e.Noun == fault.Location && (e.Kind == fault.Argument || e.Kind == fault.Invalid):
		return misplaced(n, within).Because(err)
	case e.Kind == fault.Argument || e.Kind == fault.Invalid || e.Kind == fault.Unsupported:
		return unsupported(n).Because(err)
	}
	return err
}

// misplaced tells that a folder is not one of the table's. It says the same of folders that are somewhere else and of
// those that are nowhere.
func misplaced(n Name, within string) *fault.Error {
	return fault.Of(fault.Argument, fault.Location, within, "Location '%s' is not a folder of table %s", within, n)
}

func unsupported(n Name) *fault.Error {
	return fault.Of(fault.Unsupported, fault.SharedTable, n.String(), "Table %s is in a storage that has no temporary credentials", n)
}
