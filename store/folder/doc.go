// Package folder stores blobs as files of one folder: a blob is the file of its name. A
// blob that is being created has a temporary name, which begins with a dot. Several
// servers may share the folder if its file system shares locks.
package folder
