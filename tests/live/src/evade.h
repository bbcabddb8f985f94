/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_EVADE_H
#define MONITOR_TESTS_EVADE_H

/* Ways of evade to the file path: 0, or -1 with errno; they end the program by 77 where the kernel has no such way. */

/* Prints what an opened file, or -1, holds, and closes it. */
int show(int fd);

/* evade_abi.c: by other ways into the kernel than its calls */
int by_int80(const char *path);
int by_int80_setuid(const char *path);
int by_vsyscall(const char *path);
int by_x32(const char *path);
int by_negative_number(const char *path);
int by_ring(const char *path);
int by_given_ring(const char *path);

#endif
