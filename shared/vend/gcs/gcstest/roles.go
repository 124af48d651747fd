package gcstest

// roles are the rights on objects, folders and buckets of Google's predefined roles (Cloud Storage documentation, "IAM
// roles for Cloud Storage"), those that a boundary may name.
var roles = map[string][]string{
	"roles/storage.objectViewer": {"storage.objects.get", "storage.objects.list",
		"storage.folders.get", "storage.folders.list", "storage.managedFolders.get", "storage.managedFolders.list"},
	"roles/storage.objectCreator": {"storage.objects.create", "storage.folders.create", "storage.managedFolders.create",
		"storage.multipartUploads.create", "storage.multipartUploads.abort", "storage.multipartUploads.listParts"},
	"roles/storage.objectUser": {"storage.objects.get", "storage.objects.list", "storage.objects.create", "storage.objects.delete",
		"storage.objects.update", "storage.objects.restore", "storage.objects.move",
		"storage.folders.get", "storage.folders.list", "storage.folders.create", "storage.folders.delete", "storage.folders.rename",
		"storage.managedFolders.get", "storage.managedFolders.list", "storage.managedFolders.create", "storage.managedFolders.delete",
		"storage.multipartUploads.create", "storage.multipartUploads.abort", "storage.multipartUploads.list", "storage.multipartUploads.listParts"},
	"roles/storage.objectAdmin": {"storage.objects.get", "storage.objects.list", "storage.objects.create", "storage.objects.delete",
		"storage.objects.update", "storage.objects.restore", "storage.objects.move", "storage.objects.getIamPolicy", "storage.objects.setIamPolicy",
		"storage.folders.get", "storage.folders.list", "storage.folders.create", "storage.folders.delete", "storage.folders.rename",
		"storage.managedFolders.get", "storage.managedFolders.list", "storage.managedFolders.create", "storage.managedFolders.delete",
		"storage.multipartUploads.create", "storage.multipartUploads.abort", "storage.multipartUploads.list", "storage.multipartUploads.listParts"},
	"roles/storage.legacyObjectReader": {"storage.objects.get"},
	"roles/storage.legacyObjectOwner":  {"storage.objects.get", "storage.objects.update", "storage.objects.getIamPolicy", "storage.objects.setIamPolicy"},
	"roles/storage.legacyBucketReader": {"storage.buckets.get", "storage.objects.list", "storage.multipartUploads.list",
		"storage.managedFolders.get", "storage.managedFolders.list"},
	"roles/storage.legacyBucketWriter": {"storage.buckets.get", "storage.objects.list", "storage.objects.create", "storage.objects.delete",
		"storage.managedFolders.get", "storage.managedFolders.list", "storage.managedFolders.create", "storage.managedFolders.delete",
		"storage.multipartUploads.create", "storage.multipartUploads.abort", "storage.multipartUploads.list", "storage.multipartUploads.listParts"},
}
