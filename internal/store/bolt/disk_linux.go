package bolt

import "syscall"

// look asks for the file system of a folder.
func look(folder string) volume {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return volume{free: -1}
	}
	return volume{kind: uint32(s.Type), free: int64(s.Bavail) * int64(s.Bsize)}
}
