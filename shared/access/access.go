// Package access decides who may do what. Two tables hold all of it: rules says which privileges an operation takes and on
// what, implications says which other privileges are as good. A Subject is the caller of one request with what the
// activated roles hold; its Check decides and writes the audit record in one act.
//
// It refuses to read anything: whoever loads the principal, the roles and the chain of the securable hands them in as
// values. What it does not know (an operation without a rule, a target too many or too few, a Subject without a log) is
// denied as an internal error, never allowed.
//
// # Why
//
// Names, rules and messages are Apache Polaris's, so that its clients and its documentation hold here. The tables are
// checked against the recorded answers of Polaris 1.7 to 48,344 trials (testdata/rbac-matrix.jsonl); where its
// documentation says otherwise, the recording is right. testdata/matrix.golden spells the tables out for review.
//
// There are no deny rules and no wildcards: a grant holds on its securable and on all that is below, and a right that is
// held anywhere on the path is held. So a decision needs the ids on the path and nothing else, and an id that no longer
// stands for anything is inert.
//
// A token of some of a principal's roles has the rights of these and no others. So what a principal may do with itself, and
// what root may do for being root, takes a token of all roles, or a role in scope that allows it: whoever has a token that
// was made weak would otherwise change the principal's secret and log in with all its roles. Polaris allows both.
//
// Metadata is not data: neither CATALOG_MANAGE_METADATA nor what an administrator holds opens a file. Only
// TABLE_READ_DATA, TABLE_WRITE_DATA and CATALOG_MANAGE_CONTENT lead to keys.
//
// Who may move a table may not thereby open it: a rename into a namespace where the caller has data rights, or a folder that
// a table with a data grant of its own takes over, would else hand out what the grants on the table as it is do not. Polaris
// asks for the metadata privileges alone.
//
// Operations that are tried in order (write keys, else read keys) or that belong together (the updates of one commit) are
// one decision with one record: CheckFirst and CheckAll. There is no way to ask without a record.
package access
