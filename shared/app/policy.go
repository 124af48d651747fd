package app

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"firn/shared/storagepolicy"
)

// ownFolder is where catalogs of storage type FILE may be when no folder is named, below the data folder.
const ownFolder = "files"

// own are the entries of the data folder that no catalog may be in, or around.
var own = []string{"firn.db", "signing-key.pem", "objects"}

// storagePolicy reads the policy that a server was started with, and widens it by its flags. A policy for a realm that the
// server does not have is an error: an operator's slip would leave a realm without its rules.
func storagePolicy(c ServeConfig) (*storagepolicy.Policy, error) {
	var policy *storagepolicy.Policy
	if c.StoragePolicy != "" {
		text, err := os.ReadFile(c.StoragePolicy)
		if err != nil {
			return nil, fmt.Errorf("read the storage policy: %w", err)
		}
		if policy, err = storagepolicy.Parse(text); err != nil {
			return nil, fmt.Errorf("%s: %w", c.StoragePolicy, err)
		}
		for _, realm := range policy.Realms() {
			if !slices.Contains(c.Realms, realm) {
				return nil, fmt.Errorf("%s: the server has no realm %q", c.StoragePolicy, realm)
			}
		}
	}
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	flags := storagepolicy.Flags{Endpoints: c.AllowEndpoint, Loopback: isLoopback(c.Listen)}
	for _, name := range own {
		flags.Private = append(flags.Private, filepath.Join(data, name))
	}
	if whole, err := filepath.EvalSymlinks(data); err == nil && whole != data {
		for _, name := range own {
			flags.Private = append(flags.Private, filepath.Join(whole, name))
		}
	}
	for _, folder := range c.AllowFileStorage {
		if folder == "true" {
			folder = filepath.Join(c.Data, ownFolder)
		}
		absolute, err := filepath.Abs(folder)
		if err != nil {
			return nil, fmt.Errorf("find the folder for file storage: %w", err)
		}
		flags.Folders = append(flags.Folders, absolute)
	}
	return policy.With(flags)
}

// isLoopback reports whether only this machine reaches a host:port: then its callers reach whatever listens here anyway.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
