// SPDX-License-Identifier: Apache-2.0

// sums FOLDER: reads each file below it in goroutines and sums the bytes up.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

func main() {
	var total atomic.Uint64
	var wait sync.WaitGroup
	paths := make(chan string)

	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for path := range paths {
				bytes, err := os.ReadFile(path)
				if err != nil {
					continue
				}
				sum := uint64(0)
				for _, b := range bytes {
					sum = sum*31 + uint64(b)
				}
				total.Add(sum)
			}
		}()
	}
	filepath.WalkDir(os.Args[1], func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			paths <- path
		}
		return nil
	})
	close(paths)
	wait.Wait()
	fmt.Println(total.Load())
}
