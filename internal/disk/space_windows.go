package disk

import "golang.org/x/sys/windows"

// Space returns the bytes that are free for this process, and all, on the disk of
// a folder (GetDiskFreeSpaceEx).
func Space(dir string) (free, total int64, err error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, err
	}
	var mine, all, left uint64
	err = windows.GetDiskFreeSpaceEx(path, &mine, &all, &left)
	return int64(mine), int64(all), err
}
