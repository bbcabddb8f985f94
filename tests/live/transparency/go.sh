#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Go program: many threads, and its runtime's SIGURG.
. "$(dirname "$0")/../lib.sh"

need go
cat >"$dir/main.go" <<'GO'
package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
)

func spin(n int) (x int) {
	for i := 0; i < n; i++ {
		x += i ^ x
	}
	return
}

func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	failed := 0
	bad := func(err error) {
		if err != nil {
			mu.Lock()
			failed++
			fmt.Fprintln(os.Stderr, err)
			mu.Unlock()
		}
	}
	for i := 0; i < 200; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			spin(2000000)
			_, err := os.ReadFile("/etc/hostname")
			bad(err)
			if i%10 == 0 {
				out, err := exec.Command("echo", fmt.Sprint(i)).Output()
				bad(err)
				if string(out) != fmt.Sprint(i)+"\n" {
					bad(fmt.Errorf("echo gave %q", out))
				}
			}
		}(i)
	}
	wg.Wait()
	fmt.Println("failed:", failed)
	if failed > 0 {
		os.Exit(1)
	}
}
GO
(cd "$dir" && HOME=$dir GOCACHE=$dir/cache GO111MODULE=off GOTOOLCHAIN=local go build -o program main.go) || skip "go cannot build here"
limit=120
repeat=3
same "$dir/program"

finish
